package ssm

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/test/stack/awswire"
	"firebreak/test/stack/ssm/document"
)

// maxVersions is how many versions a document may have.
const maxVersions = 1000

// storedDocument is a document with all its versions.
type storedDocument struct {
	name     string
	versions []*version // by number; a deleted version leaves nil
	current  int        // number of the default version
}

// version is one immutable version of a document.
type version struct {
	number  int
	name    string // VersionName, empty for none
	content string
	format  document.Format
	parsed  *document.Document
	created time.Time
}

func (v *version) hash() string {
	sum := sha256.Sum256([]byte(v.content))
	return hex.EncodeToString(sum[:])
}

func (v *version) label() *string { return aws.String(strconv.Itoa(v.number)) }

func (v *version) namePtr() *string {
	if v.name == "" {
		return nil
	}
	return aws.String(v.name)
}

var (
	documentName = regexp.MustCompile(`^[a-zA-Z0-9_\-.]{3,128}$`)
	versionName  = regexp.MustCompile(`^[a-zA-Z0-9_\-.]{1,128}$`)
	reserved     = regexp.MustCompile(`(?i)^(aws|amazon|amzn)`)
)

// newVersion checks a document's content and everything that is unique about a
// version. The caller holds the lock.
func (s *Service) newVersion(d *storedDocument, content, name string, format document.Format) (*version, error) {
	if len(content) > document.MaxSize {
		return nil, &types.MaxDocumentSizeExceeded{Message: aws.String("The size limit of a document is 64 KB.")}
	}
	if name != "" && !versionName.MatchString(name) {
		return nil, awswire.Errorf("ValidationException", "VersionName %q must match %s", name, versionName)
	}
	parsed, err := document.Parse(content, format)
	if err != nil {
		return nil, &types.InvalidDocumentContent{Message: aws.String(err.Error())}
	}
	// Content that is there already makes no version, which who publishes by
	// content hash takes as success.
	if i := slices.IndexFunc(d.existing(), func(v *version) bool { return v.content == content }); i >= 0 {
		return nil, &types.DuplicateDocumentContent{Message: aws.String("The content of the document matches version " + strconv.Itoa(d.existing()[i].number) + ".")}
	}
	if name != "" && slices.ContainsFunc(d.existing(), func(v *version) bool { return v.name == name }) {
		return nil, &types.DuplicateDocumentVersionName{Message: aws.String("The version name " + name + " is in use.")}
	}
	if len(d.versions) >= maxVersions {
		return nil, &types.DocumentVersionLimitExceeded{Message: aws.String("A document has at most 1000 versions.")}
	}
	v := &version{number: len(d.versions) + 1, name: name, content: content, format: format, parsed: parsed, created: s.opts.Now()}
	d.versions = append(d.versions, v)
	return v, nil
}

func (d *storedDocument) existing() []*version {
	return slices.DeleteFunc(slices.Clone(d.versions), func(v *version) bool { return v == nil })
}

func (d *storedDocument) latest() *version {
	all := d.existing()
	return all[len(all)-1]
}

// pick finds a version by number, $LATEST, $DEFAULT or VersionName; without any
// of them the default version.
func (d *storedDocument) pick(number, name string) (*version, bool) {
	switch number {
	case "$LATEST":
		return d.latest(), true
	case "", "$DEFAULT":
		if name == "" {
			return d.versions[d.current-1], true
		}
	}
	for _, v := range d.existing() {
		if (number == "" || strconv.Itoa(v.number) == number) && (name == "" || v.name == name) {
			return v, true
		}
	}
	return nil, false
}

// find finds a version of a document by name. The caller holds the lock.
func (s *Service) find(name, number, versionName *string) (*storedDocument, *version, error) {
	d, ok := s.documents[documentKey(name)]
	if !ok {
		return nil, nil, &types.InvalidDocument{Message: aws.String("Document with name " + aws.ToString(name) + " does not exist.")}
	}
	v, ok := d.pick(aws.ToString(number), aws.ToString(versionName))
	if !ok {
		return nil, nil, &types.InvalidDocumentVersion{Message: aws.String("Document version does not exist.")}
	}
	return d, v, nil
}

// documentKey takes a document's name out of its ARN.
func documentKey(name *string) string {
	n := aws.ToString(name)
	if strings.HasPrefix(n, "arn:") {
		n = n[strings.LastIndexByte(n, '/')+1:]
	}
	return n
}

// describe shows a version. The service takes a moment to activate a new one;
// the answer to the call that made it says so, which callers have to bear.
func (s *Service) describe(d *storedDocument, v *version, status types.DocumentStatus) *types.DocumentDescription {
	var params []types.DocumentParameter
	for _, name := range slices.Sorted(maps.Keys(v.parsed.Parameters)) {
		p := v.parsed.Parameters[name]
		kind := types.DocumentParameterTypeString
		if p.Type == "StringList" || strings.HasPrefix(p.Type, "List<") {
			kind = types.DocumentParameterTypeStringList
		}
		out := types.DocumentParameter{Name: aws.String(name), Type: kind, Description: aws.String(p.Description)}
		if p.Default != nil {
			out.DefaultValue = aws.String(document.Stringify(p.Default))
		}
		params = append(params, out)
	}
	return &types.DocumentDescription{
		Name: aws.String(d.name), DocumentVersion: v.label(), VersionName: v.namePtr(),
		DefaultVersion: aws.String(strconv.Itoa(d.current)), LatestVersion: d.latest().label(),
		Hash: aws.String(v.hash()), HashType: types.DocumentHashTypeSha256,
		DocumentFormat: types.DocumentFormat(v.format), DocumentType: types.DocumentTypeAutomation,
		SchemaVersion: aws.String(v.parsed.SchemaVersion), Description: aws.String(v.parsed.Description),
		Owner: aws.String(s.opts.Account), Status: status, CreatedDate: aws.Time(v.created),
		Parameters: params, PlatformTypes: []types.PlatformType{types.PlatformTypeLinux},
		Tags: s.tags[tagKey{types.ResourceTypeForTaggingDocument, d.name}],
	}
}
