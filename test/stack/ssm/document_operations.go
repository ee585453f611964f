package ssm

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/ssm/document"
)

func (s *Service) createDocument(_ context.Context, in *ssm.CreateDocumentInput) (*ssm.CreateDocumentOutput, error) {
	name := aws.ToString(in.Name)
	if !documentName.MatchString(name) || reserved.MatchString(name) {
		return nil, awswire.Errorf("ValidationException", "Name %q must match %s and not begin with aws, amazon or amzn", name, documentName)
	}
	if in.DocumentType != types.DocumentTypeAutomation {
		return nil, awswire.Errorf("ValidationException", "DocumentType %q is not supported here, only Automation is", in.DocumentType)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.documents[name]; ok {
		return nil, &types.DocumentAlreadyExists{Message: aws.String("Document with same name " + name + " already exists.")}
	}
	d := &storedDocument{name: name, current: 1}
	v, err := s.newVersion(d, aws.ToString(in.Content), aws.ToString(in.VersionName), formatOf(in.DocumentFormat))
	if err != nil {
		return nil, err
	}
	s.documents[name] = d
	s.tags[tagKey{types.ResourceTypeForTaggingDocument, name}] = in.Tags
	return &ssm.CreateDocumentOutput{DocumentDescription: s.describe(d, v, types.DocumentStatusCreating)}, nil
}

// formatOf takes the service's default, which is JSON.
func formatOf(f types.DocumentFormat) document.Format {
	if f == "" {
		return document.JSON
	}
	return document.Format(f)
}

func (s *Service) updateDocument(_ context.Context, in *ssm.UpdateDocumentInput) (*ssm.UpdateDocumentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, _, err := s.find(in.Name, nil, nil)
	if err != nil {
		return nil, err
	}
	// Only the latest version can be updated, and who leaves DocumentVersion out
	// means the default one.
	if v, ok := d.pick(aws.ToString(in.DocumentVersion), ""); !ok || v != d.latest() {
		return nil, &types.InvalidDocumentVersion{Message: aws.String("The document version isn't valid or doesn't exist: only $LATEST can be updated.")}
	}
	v, err := s.newVersion(d, aws.ToString(in.Content), aws.ToString(in.VersionName), formatOf(in.DocumentFormat))
	if err != nil {
		return nil, err
	}
	return &ssm.UpdateDocumentOutput{DocumentDescription: s.describe(d, v, types.DocumentStatusUpdating)}, nil
}

func (s *Service) updateDefaultVersion(_ context.Context, in *ssm.UpdateDocumentDefaultVersionInput) (*ssm.UpdateDocumentDefaultVersionOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number, err := strconv.Atoi(aws.ToString(in.DocumentVersion))
	if err != nil {
		return nil, awswire.Errorf("ValidationException", "DocumentVersion %q is no number", aws.ToString(in.DocumentVersion))
	}
	d, v, err := s.find(in.Name, in.DocumentVersion, nil)
	if err != nil {
		return nil, err
	}
	d.current = number
	return &ssm.UpdateDocumentDefaultVersionOutput{Description: &types.DocumentDefaultVersionDescription{
		Name: aws.String(d.name), DefaultVersion: v.label(), DefaultVersionName: v.namePtr(),
	}}, nil
}

func (s *Service) describeDocument(_ context.Context, in *ssm.DescribeDocumentInput) (*ssm.DescribeDocumentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, v, err := s.find(in.Name, in.DocumentVersion, in.VersionName)
	if err != nil {
		return nil, err
	}
	return &ssm.DescribeDocumentOutput{Document: s.describe(d, v, types.DocumentStatusActive)}, nil
}

// getDocument returns the content in the format that is asked for, JSON when
// none is, as the API reference says: who hashes what it reads back has to ask
// for the format that it wrote.
func (s *Service) getDocument(_ context.Context, in *ssm.GetDocumentInput) (*ssm.GetDocumentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, v, err := s.find(in.Name, in.DocumentVersion, in.VersionName)
	if err != nil {
		return nil, err
	}
	format := formatOf(in.DocumentFormat)
	content, err := document.Convert(v.content, v.format, format)
	if err != nil {
		return nil, awswire.Errorf("UnsupportedOperation", "the document cannot be shown as %s: %s", format, err)
	}
	return &ssm.GetDocumentOutput{
		Name: aws.String(d.name), DocumentVersion: v.label(), VersionName: v.namePtr(), Content: aws.String(content),
		DocumentFormat: types.DocumentFormat(format), DocumentType: types.DocumentTypeAutomation,
		Status: types.DocumentStatusActive, CreatedDate: aws.Time(v.created),
	}, nil
}

func (s *Service) listDocuments(_ context.Context, in *ssm.ListDocumentsInput) (*ssm.ListDocumentsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []types.DocumentIdentifier
	for _, name := range slices.Sorted(maps.Keys(s.documents)) {
		d := s.documents[name]
		ok, err := listed(d, in.Filters)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		v := d.versions[d.current-1]
		found = append(found, types.DocumentIdentifier{
			Name: aws.String(name), DocumentVersion: v.label(), VersionName: v.namePtr(), CreatedDate: aws.Time(v.created),
			DocumentFormat: types.DocumentFormat(v.format), DocumentType: types.DocumentTypeAutomation,
			Owner: aws.String(s.opts.Account), SchemaVersion: aws.String(v.parsed.SchemaVersion),
			Tags: s.tags[tagKey{types.ResourceTypeForTaggingDocument, name}],
		})
	}
	shown, next, err := page(found, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssm.ListDocumentsOutput{DocumentIdentifiers: shown, NextToken: next}, nil
}

// listed applies the filters that make sense here: Name (exact), Owner (Self)
// and DocumentType.
func listed(d *storedDocument, filters []types.DocumentKeyValuesFilter) (bool, error) {
	for _, f := range filters {
		var ok bool
		switch aws.ToString(f.Key) {
		case "Name":
			ok = slices.Contains(f.Values, d.name)
		case "Owner":
			ok = slices.Contains(f.Values, "Self") || slices.Contains(f.Values, "All")
		case "DocumentType":
			ok = slices.Contains(f.Values, string(types.DocumentTypeAutomation))
		default:
			return false, &types.InvalidFilterKey{}
		}
		if !ok {
			return false, nil
		}
	}
	return true, nil
}

func (s *Service) listDocumentVersions(_ context.Context, in *ssm.ListDocumentVersionsInput) (*ssm.ListDocumentVersionsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, _, err := s.find(in.Name, nil, nil)
	if err != nil {
		return nil, err
	}
	var found []types.DocumentVersionInfo
	for _, v := range slices.Backward(d.existing()) {
		found = append(found, types.DocumentVersionInfo{
			Name: aws.String(d.name), DocumentVersion: v.label(), VersionName: v.namePtr(), CreatedDate: aws.Time(v.created),
			DocumentFormat: types.DocumentFormat(v.format), IsDefaultVersion: v.number == d.current, Status: types.DocumentStatusActive,
		})
	}
	shown, next, err := page(found, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &ssm.ListDocumentVersionsOutput{DocumentVersions: shown, NextToken: next}, nil
}

func (s *Service) deleteDocument(_ context.Context, in *ssm.DeleteDocumentInput) (*ssm.DeleteDocumentOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d, v, err := s.find(in.Name, in.DocumentVersion, in.VersionName)
	if err != nil {
		return nil, err
	}
	switch {
	case in.DocumentVersion == nil && in.VersionName == nil:
		delete(s.documents, d.name)
		delete(s.tags, tagKey{types.ResourceTypeForTaggingDocument, d.name})
	case v.number == d.current:
		return nil, &types.InvalidDocumentOperation{Message: aws.String("The default version cannot be deleted; make another the default first.")}
	default:
		d.versions[v.number-1] = nil
	}
	return &ssm.DeleteDocumentOutput{}, nil
}

// maxPage is the largest and the default page of the listing operations.
const maxPage = 50

// page cuts a list at the place that a token stands for; an empty one is refused.
func page[T any](all []T, limit *int32, token *string) ([]T, *string, error) {
	n := maxPage
	if limit != nil {
		n = int(*limit)
	}
	if n < 1 || n > maxPage {
		return nil, nil, awswire.Errorf("ValidationException", "MaxResults is %d; 1 to %d are allowed", n, maxPage)
	}
	part, next, ok := awswire.Page(all, n, aws.ToString(token))
	if !ok || (token != nil && *token == "") {
		return nil, nil, &types.InvalidNextToken{Message: aws.String("The specified token isn't valid.")}
	}
	return part, next, nil
}
