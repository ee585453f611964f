package jira

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"firebreak/test/stack/fault"
)

type object map[string]any

// Jira's limits on texts, in characters.
const (
	maxSummary = 255
	maxText    = 32_767
	maxLabel   = 255
)

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body) // A client that went away needs no answer.
	}
}

// writeErrors answers in the form of Jira's error collection.
func writeErrors(w http.ResponseWriter, status int, message string, fields map[string]string) {
	messages := []string{}
	if message != "" {
		messages = append(messages, message)
	}
	if fields == nil {
		fields = map[string]string{}
	}
	write(w, status, object{"errorMessages": messages, "errors": fields})
}

// refuse answers as Jira does: a throttle with Retry-After in whole seconds and
// the reason, anything else with an error collection.
func refuse(w http.ResponseWriter, _ *http.Request, r fault.Rule) {
	if r.Kind == fault.Throttle {
		seconds := int((r.Latency + time.Second - 1) / time.Second)
		w.Header().Set("Retry-After", strconv.Itoa(max(seconds, 1)))
		reason := r.Code
		if reason == "" {
			reason = "jira-burst-based"
		}
		w.Header().Set("RateLimit-Reason", reason)
	}
	writeErrors(w, r.StatusOr(), r.MessageOr(), nil)
}

func notFound(w http.ResponseWriter) {
	writeErrors(w, http.StatusNotFound, "Issue does not exist or you do not have permission to see it.", nil)
}

func (s *Server) removed(w http.ResponseWriter, _ *http.Request) {
	writeErrors(w, http.StatusGone, "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.", nil)
}

func (s *Server) myself(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, person(s.opts.User))
}

// issueBody is what create and edit take.
type issueBody struct {
	Fields struct {
		Project     struct{ Key, ID string } `json:"project"`
		IssueType   struct{ Name string }    `json:"issuetype"`
		Summary     *string                  `json:"summary"`
		Description json.RawMessage          `json:"description"`
		Labels      []string                 `json:"labels"`
	} `json:"fields"`
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	var in issueBody
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		writeErrors(w, http.StatusBadRequest, "There was an error parsing JSON: "+err.Error(), nil)
		return
	}
	wrong := map[string]string{}
	if in.Fields.Project.Key != s.opts.Project {
		wrong["project"] = "valid project is required"
	}
	if !slices.Contains(s.opts.IssueTypes, in.Fields.IssueType.Name) {
		wrong["issuetype"] = "Specify a valid issue type"
	}
	if in.Fields.Summary == nil || strings.TrimSpace(*in.Fields.Summary) == "" {
		wrong["summary"] = "You must specify a summary of the issue."
	}
	for i, name := range s.opts.Required { // nothing here ever fills one in
		wrong[requiredField(i)] = name + " is required."
	}
	description := checkFields(in, wrong)
	if len(wrong) > 0 {
		writeErrors(w, http.StatusBadRequest, "", wrong)
		return
	}
	s.mu.Lock()
	is := s.add(Issue{
		Type: in.Fields.IssueType.Name, Summary: *in.Fields.Summary,
		Description: description, Labels: in.Fields.Labels,
	})
	s.mu.Unlock()
	write(w, http.StatusCreated, object{"id": is.ID, "key": is.Key, "self": s.base + "/rest/api/2/issue/" + is.ID})
}

// checkFields reads the description and notes what Jira would refuse.
func checkFields(in issueBody, wrong map[string]string) string {
	if sum := in.Fields.Summary; sum != nil {
		if len([]rune(*sum)) > maxSummary {
			wrong["summary"] = fmt.Sprintf("Summary must be less than %d characters.", maxSummary)
		}
		if strings.ContainsAny(*sum, "\r\n") {
			wrong["summary"] = "The summary is invalid because it contains newline characters."
		}
	}
	for _, l := range in.Fields.Labels {
		if l == "" || len([]rune(l)) > maxLabel || strings.ContainsAny(l, " \t\r\n") {
			wrong["labels"] = fmt.Sprintf("The label '%s' contains spaces which is invalid.", l)
		}
	}
	text, err := readText(in.Fields.Description)
	if err != nil {
		wrong["description"] = err.Error()
	}
	if len([]rune(text)) > maxText {
		wrong["description"] = fmt.Sprintf("The entered text is too long. It exceeds the allowed limit of %d characters.", maxText)
	}
	return text
}

func (s *Server) get(rich bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		is := s.find(r.PathValue("key"))
		if is == nil {
			notFound(w)
			return
		}
		write(w, http.StatusOK, object{
			"id": is.ID, "key": is.Key, "self": s.base + "/rest/api/2/issue/" + is.ID,
			"fields": is.fields(s.base, s.opts.Project, listed(r.URL.Query().Get("fields")), rich),
		})
	}
}

func (s *Server) edit(w http.ResponseWriter, r *http.Request) {
	var in issueBody
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		writeErrors(w, http.StatusBadRequest, "There was an error parsing JSON: "+err.Error(), nil)
		return
	}
	wrong := map[string]string{}
	description := checkFields(in, wrong)
	if len(wrong) > 0 {
		writeErrors(w, http.StatusBadRequest, "", wrong)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.find(r.PathValue("key"))
	if is == nil {
		notFound(w)
		return
	}
	if in.Fields.Summary != nil {
		is.Summary = *in.Fields.Summary
	}
	if len(in.Fields.Description) > 0 {
		is.Description = description
	}
	if in.Fields.Labels != nil {
		is.Labels = in.Fields.Labels
	}
	is.Updated = s.now()
	write(w, http.StatusNoContent, nil)
}

func listed(v string) []string {
	if v == "" {
		return nil
	}
	return strings.Split(v, ",")
}
