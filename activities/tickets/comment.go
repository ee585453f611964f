package tickets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	jira "github.com/andygrunwald/go-jira"

	"firebreak/internal/incident"
)

// CommentTicket adds a comment. The same key is added once: a comment carries a
// mark made of its key, and the comments are looked through before one is
// added. Reading an issue's comments is consistent, unlike searching.
func (a *Activities) CommentTicket(ctx context.Context, in incident.CommentTicketInput) error {
	if err := checked("comment on a ticket", in.Ticket); err != nil {
		return err
	}
	if in.Key == "" || strings.TrimSpace(in.Text.String()) == "" {
		return invalid("comment on %s: key and text are required", in.Ticket.Key)
	}
	mark := markOf(in.Key)
	there, err := a.commented(ctx, in.Ticket.Key, mark)
	if err != nil || there {
		return err
	}
	body := wiki(in.Text.String(), limitText) + "\n\n" + link("Slack thread", in.ThreadURL) + mark
	_, resp, err := a.jira.Issue.AddCommentWithContext(ctx, in.Ticket.Key, &jira.Comment{Body: body})
	return classified("comment on "+in.Ticket.Key, resp, err)
}

// markOf is the last line of a comment: short for people, sure for us. It has
// no character of wiki markup.
func markOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "Firebreak ref " + hex.EncodeToString(sum[:8])
}

const (
	commentPage  = 100
	commentPages = 20
)

// commented looks through an issue's comments, newest first, for a mark. The
// mark counts as the last line only, so that a quotation does not.
func (a *Activities) commented(ctx context.Context, key, mark string) (bool, error) {
	what := "read the comments of " + key
	for page := range commentPages {
		path := fmt.Sprintf("rest/api/2/issue/%s/comment?orderBy=-created&startAt=%d&maxResults=%d", key, page*commentPage, commentPage)
		req, err := a.jira.NewRequestWithContext(ctx, http.MethodGet, path, nil)
		if err != nil {
			return false, invalid("%s: %v", what, err)
		}
		var list struct {
			Total    int            `json:"total"`
			Comments []jira.Comment `json:"comments"`
		}
		resp, err := a.jira.Do(req, &list)
		if err != nil {
			return false, classified(what, resp, err)
		}
		for _, c := range list.Comments {
			lines := strings.Split(strings.TrimSpace(c.Body), "\n")
			if strings.TrimSpace(lines[len(lines)-1]) == mark {
				return true, nil
			}
		}
		if len(list.Comments) == 0 || (page+1)*commentPage >= list.Total {
			return false, nil
		}
	}
	return false, invalid("%s: there are more than %d", what, commentPage*commentPages)
}
