package ssm_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"
)

// Publishing by content hash: create, read back at the numeric version, compare.
func TestPublishAndReadBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	made := b.create(t, "touch", touch, types.DocumentFormatYaml)
	require.Equal(t, types.DocumentStatusCreating, made.Status)
	require.Equal(t, "1", *made.DocumentVersion)

	described, err := b.client.DescribeDocument(t.Context(), &awsssm.DescribeDocumentInput{Name: aws.String("touch")})
	require.NoError(t, err)
	require.Equal(t, types.DocumentStatusActive, described.Document.Status)
	sum := sha256.Sum256([]byte(touch))
	require.Equal(t, hex.EncodeToString(sum[:]), *described.Document.Hash)
	require.Equal(t, "Name", *described.Document.Parameters[0].Name)

	got, err := b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch"), DocumentVersion: aws.String("1"), DocumentFormat: types.DocumentFormatYaml})
	require.NoError(t, err)
	require.Equal(t, touch, *got.Content, "the same format is the same bytes")
	got, err = b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch")})
	require.NoError(t, err)
	require.Equal(t, types.DocumentFormatJson, got.DocumentFormat, "JSON is what who asks for nothing gets")
	require.True(t, strings.HasPrefix(*got.Content, "{"))
}

// Version names are unique for good, and the same content makes no version.
func TestVersions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "touch", touch, types.DocumentFormatYaml)
	update := func(content, versionName, base string) error {
		_, err := b.client.UpdateDocument(t.Context(), &awsssm.UpdateDocumentInput{
			Name: aws.String("touch"), Content: &content, DocumentFormat: types.DocumentFormatYaml, VersionName: &versionName, DocumentVersion: &base,
		})
		return err
	}
	second := strings.Replace(touch, "done", "second", 1)
	require.NoError(t, update(second, "sha256-b", "$LATEST"))
	require.ErrorAs(t, update(second, "sha256-b", "$LATEST"), new(*types.DuplicateDocumentContent))
	require.ErrorAs(t, update(touch, "sha256-c", "$LATEST"), new(*types.DuplicateDocumentContent))
	require.ErrorAs(t, update(touch+"# more\n", "sha256-b", "$LATEST"), new(*types.DuplicateDocumentVersionName))
	require.ErrorAs(t, update(touch+"# more\n", "sha256-d", "1"), new(*types.InvalidDocumentVersion), "only the latest can be updated")
	require.ErrorAs(t, update("nonsense", "sha256-d", "$LATEST"), new(*types.InvalidDocumentContent))
	require.ErrorAs(t, update(strings.Repeat("#", 70_000), "sha256-d", "$LATEST"), new(*types.MaxDocumentSizeExceeded))

	byName, err := b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch"), VersionName: aws.String("sha256-b"), DocumentFormat: types.DocumentFormatYaml})
	require.NoError(t, err)
	require.Equal(t, "2", *byName.DocumentVersion)
	require.Equal(t, second, *byName.Content)
	byDefault, err := b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch"), DocumentVersion: aws.String("$DEFAULT")})
	require.NoError(t, err)
	require.Equal(t, "1", *byDefault.DocumentVersion, "an update does not change the default")

	_, err = b.client.UpdateDocumentDefaultVersion(t.Context(), &awsssm.UpdateDocumentDefaultVersionInput{Name: aws.String("touch"), DocumentVersion: aws.String("2")})
	require.NoError(t, err)
	list, err := b.client.ListDocumentVersions(t.Context(), &awsssm.ListDocumentVersionsInput{Name: aws.String("touch"), MaxResults: aws.Int32(1)})
	require.NoError(t, err)
	require.Equal(t, "2", *list.DocumentVersions[0].DocumentVersion)
	require.True(t, list.DocumentVersions[0].IsDefaultVersion)
	list, err = b.client.ListDocumentVersions(t.Context(), &awsssm.ListDocumentVersionsInput{Name: aws.String("touch"), NextToken: list.NextToken})
	require.NoError(t, err)
	require.Equal(t, "1", *list.DocumentVersions[0].DocumentVersion)
	require.Nil(t, list.NextToken)

	_, err = b.client.DeleteDocument(t.Context(), &awsssm.DeleteDocumentInput{Name: aws.String("touch"), DocumentVersion: aws.String("2")})
	require.ErrorAs(t, err, new(*types.InvalidDocumentOperation))
	_, err = b.client.DeleteDocument(t.Context(), &awsssm.DeleteDocumentInput{Name: aws.String("touch"), DocumentVersion: aws.String("1")})
	require.NoError(t, err)
	_, err = b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch"), DocumentVersion: aws.String("1")})
	require.ErrorAs(t, err, new(*types.InvalidDocumentVersion))
	_, err = b.client.DeleteDocument(t.Context(), &awsssm.DeleteDocumentInput{Name: aws.String("touch")})
	require.NoError(t, err)
	_, err = b.client.GetDocument(t.Context(), &awsssm.GetDocumentInput{Name: aws.String("touch")})
	require.ErrorAs(t, err, new(*types.InvalidDocument))
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "there", hold, types.DocumentFormatJson)
	create := func(name string, kind types.DocumentType) error {
		_, err := b.client.CreateDocument(t.Context(), &awsssm.CreateDocumentInput{Name: &name, Content: aws.String(hold), DocumentType: kind})
		return err
	}
	require.ErrorAs(t, create("there", types.DocumentTypeAutomation), new(*types.DocumentAlreadyExists))
	for _, err := range []error{create("aws-mine", types.DocumentTypeAutomation), create("a b", types.DocumentTypeAutomation), create("other", types.DocumentTypeCommand)} {
		var api smithy.APIError
		require.ErrorAs(t, err, &api)
		require.Equal(t, "ValidationException", api.ErrorCode())
	}
}

func TestListDocuments(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 3 {
		b.create(t, fmt.Sprintf("doc-%d", i), hold, types.DocumentFormatJson)
	}
	var names []string
	pages := awsssm.NewListDocumentsPaginator(b.client, &awsssm.ListDocumentsInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		p, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, d := range p.DocumentIdentifiers {
			names = append(names, *d.Name)
		}
	}
	require.Equal(t, []string{"doc-0", "doc-1", "doc-2"}, names)
	filtered, err := b.client.ListDocuments(t.Context(), &awsssm.ListDocumentsInput{Filters: []types.DocumentKeyValuesFilter{{Key: aws.String("Name"), Values: []string{"doc-1"}}}})
	require.NoError(t, err)
	require.Len(t, filtered.DocumentIdentifiers, 1)
	_, err = b.client.ListDocuments(t.Context(), &awsssm.ListDocumentsInput{NextToken: aws.String("x")})
	require.ErrorAs(t, err, new(*types.InvalidNextToken))
}

func TestTagsAndCalendars(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.create(t, "there", hold, types.DocumentFormatJson)
	for _, value := range []string{"1", "2"} {
		_, err := b.client.AddTagsToResource(t.Context(), &awsssm.AddTagsToResourceInput{
			ResourceType: types.ResourceTypeForTaggingDocument, ResourceId: aws.String("there"), Tags: []types.Tag{{Key: aws.String("k"), Value: &value}},
		})
		require.NoError(t, err)
	}
	tags, err := b.client.ListTagsForResource(t.Context(), &awsssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingDocument, ResourceId: aws.String("there")})
	require.NoError(t, err)
	require.Len(t, tags.TagList, 1)
	require.Equal(t, "2", *tags.TagList[0].Value)
	_, err = b.client.ListTagsForResource(t.Context(), &awsssm.ListTagsForResourceInput{ResourceType: types.ResourceTypeForTaggingDocument, ResourceId: aws.String("gone")})
	require.ErrorAs(t, err, new(*types.InvalidResourceId))

	b.SetCalendar("open", true)
	b.SetCalendar("closed", false)
	state := func(names ...string) (types.CalendarState, error) {
		out, err := b.client.GetCalendarState(t.Context(), &awsssm.GetCalendarStateInput{CalendarNames: names})
		if err != nil {
			return "", err
		}
		return out.State, nil
	}
	got, err := state("open")
	require.NoError(t, err)
	require.Equal(t, types.CalendarStateOpen, got)
	got, err = state("open", "arn:aws:ssm:eu-west-1:123456789012:document/closed")
	require.NoError(t, err)
	require.Equal(t, types.CalendarStateClosed, got, "any closed calendar closes")
	_, err = state("gone")
	require.ErrorAs(t, err, new(*types.InvalidDocument))
}
