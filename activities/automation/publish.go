package automation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"firebreak/activities/awserror"
	"firebreak/internal/incident"
)

const (
	// namePrefix sets our documents apart from others of the account.
	namePrefix = "Firebreak-"
	// settleTries is how often a document that is still being made is looked at.
	settleTries = 12
)

// numeric is a version that can never come to mean another content, unlike
// $LATEST and $DEFAULT.
var numeric = regexp.MustCompile(`^[1-9][0-9]{0,9}$`)

// PublishDocument makes sure that the runbook's document at the commit is in
// Systems Manager, reads it back at its numeric version, and compares what it
// read with the content that the approved plan names. Doing it twice makes no
// second version: version names are unique, and say the content's hash.
func (a *Activities) PublishDocument(ctx context.Context, in incident.PublishDocumentInput) (incident.Document, error) {
	catalog, err := a.opts.Catalog.At(ctx, in.Commit)
	if err != nil {
		return incident.Document{}, awserror.Classify(fmt.Sprintf("publish runbook %s: read the catalogue at %s", in.Runbook, in.Commit), err)
	}
	rb, ok := catalog.Runbooks[in.Runbook]
	if !ok {
		return incident.Document{}, awserror.Refuse(incident.ErrorNotFound, "publish runbook %s: the catalogue has none of that name at %s", in.Runbook, in.Commit)
	}
	if got := hash(string(rb.Automation)); got != in.ContentSHA256 {
		return incident.Document{}, awserror.Refuse(incident.ErrorMismatch,
			"publish runbook %s: its document at %s has SHA-256 %s, but the plan that was approved names %s", in.Runbook, in.Commit, got, in.ContentSHA256)
	}
	doc := incident.Document{
		Name: namePrefix + in.Runbook, VersionName: "sha256-" + in.ContentSHA256[:16], ContentSHA256: in.ContentSHA256,
	}
	version, err := a.version(ctx, doc, string(rb.Automation))
	if err != nil {
		return incident.Document{}, awserror.Classify("publish document "+doc.Name, err)
	}
	doc.Version = version
	return doc, a.readBack(ctx, doc)
}

func hash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// version finds the number of the version with the content, or makes it.
func (a *Activities) version(ctx context.Context, doc incident.Document, content string) (string, error) {
	version, err := a.byName(ctx, doc)
	if !missing(err) {
		return version, err
	}
	created, err := a.opts.Systems.CreateDocument(ctx, &ssm.CreateDocumentInput{
		Name: &doc.Name, Content: &content, VersionName: &doc.VersionName,
		DocumentType: types.DocumentTypeAutomation, DocumentFormat: types.DocumentFormatYaml,
		Tags: []types.Tag{{Key: aws.String("ManagedBy"), Value: aws.String("firebreak")}},
	})
	var exists *types.DocumentAlreadyExists
	switch {
	case err == nil && created.DocumentDescription != nil:
		return aws.ToString(created.DocumentDescription.DocumentVersion), nil
	case err == nil:
		return a.byName(ctx, doc)
	case !errors.As(err, &exists):
		return "", err
	}
	updated, err := a.opts.Systems.UpdateDocument(ctx, &ssm.UpdateDocumentInput{
		Name: &doc.Name, Content: &content, VersionName: &doc.VersionName,
		DocumentFormat: types.DocumentFormatYaml, DocumentVersion: aws.String("$LATEST"), // only the latest can be updated
	})
	var sameContent *types.DuplicateDocumentContent
	var sameName *types.DuplicateDocumentVersionName
	switch {
	case err == nil && updated.DocumentDescription != nil:
		return aws.ToString(updated.DocumentDescription.DocumentVersion), nil
	case err != nil && !errors.As(err, &sameContent) && !errors.As(err, &sameName):
		return "", err
	}
	// Somebody else published it in between, or an answer to us was lost: both
	// are success. Content that was published by hand has another version name.
	version, err = a.byName(ctx, doc)
	if missing(err) {
		return a.latest(ctx, doc)
	}
	return version, err
}

// byName returns the number of the version that has the content's name.
func (a *Activities) byName(ctx context.Context, doc incident.Document) (string, error) {
	out, err := a.opts.Systems.GetDocument(ctx, &ssm.GetDocumentInput{
		Name: &doc.Name, VersionName: &doc.VersionName, DocumentFormat: types.DocumentFormatYaml,
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.DocumentVersion), nil
}

func (a *Activities) latest(ctx context.Context, doc incident.Document) (string, error) {
	out, err := a.opts.Systems.GetDocument(ctx, &ssm.GetDocumentInput{
		Name: &doc.Name, DocumentVersion: aws.String("$LATEST"), DocumentFormat: types.DocumentFormatYaml,
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.DocumentVersion), nil
}

// missing tells errors that say that there is no such document or version.
func missing(err error) bool {
	var document *types.InvalidDocument
	var version *types.InvalidDocumentVersion
	return errors.As(err, &document) || errors.As(err, &version)
}

// readBack reads the numeric version, waits until it can be used, and compares
// its content. The format has to be the one that was written: the service would
// convert to JSON otherwise, which hashes differently.
func (a *Activities) readBack(ctx context.Context, doc incident.Document) error {
	if !numeric.MatchString(doc.Version) {
		return awserror.Refuse(incident.ErrorMismatch, "document %s: version %q is no number", doc.Name, doc.Version)
	}
	for try := 0; ; try++ {
		out, err := a.opts.Systems.GetDocument(ctx, &ssm.GetDocumentInput{
			Name: &doc.Name, DocumentVersion: &doc.Version, DocumentFormat: types.DocumentFormatYaml,
		})
		if err != nil {
			return awserror.Classify(fmt.Sprintf("read document %s version %s back", doc.Name, doc.Version), err)
		}
		switch out.Status {
		case types.DocumentStatusCreating, types.DocumentStatusUpdating:
			if try == settleTries {
				return awserror.Unavailablef("publish document %s: it still is %s", doc.Name, out.Status)
			}
			if err := sleep(ctx, a.opts.Poll); err != nil {
				return err
			}
			continue
		case types.DocumentStatusFailed, types.DocumentStatusDeleting:
			return awserror.Refuse(incident.ErrorValidation, "document %s version %s is %s: %s", doc.Name, doc.Version, out.Status, aws.ToString(out.StatusInformation))
		}
		if got := aws.ToString(out.DocumentVersion); got != doc.Version {
			return awserror.Refuse(incident.ErrorMismatch, "document %s: version %s was asked for and %s came", doc.Name, doc.Version, got)
		}
		if got := hash(aws.ToString(out.Content)); got != doc.ContentSHA256 {
			return awserror.Refuse(incident.ErrorMismatch,
				"document %s version %s has SHA-256 %s, but the plan that was approved names %s: somebody else changed it; nothing was started",
				doc.Name, doc.Version, got, doc.ContentSHA256)
		}
		return nil
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
