package jira

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// firstType is the id of the first issue type; the others count on from it.
const firstType = 10001

// project describes the one project with its issue types.
func (s *Server) project(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("project") != s.opts.Project {
		writeErrors(w, http.StatusNotFound, fmt.Sprintf("No project could be found with key '%s'.", r.PathValue("project")), nil)
		return
	}
	kinds := make([]object, len(s.opts.IssueTypes))
	for i, name := range s.opts.IssueTypes {
		kinds[i] = object{"id": strconv.Itoa(firstType + i), "name": name, "subtask": false}
	}
	write(w, http.StatusOK, object{"id": "10000", "key": s.opts.Project, "name": "Operations", "issueTypes": kinds})
}

// permissions answers for the asked permissions; Jira Cloud wants them named.
func (s *Server) permissions(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query().Get("permissions")
	if asked == "" {
		writeErrors(w, http.StatusBadRequest, "The 'permissions' query parameter is required.", nil)
		return
	}
	if key := r.URL.Query().Get("projectKey"); key != "" && key != s.opts.Project {
		writeErrors(w, http.StatusNotFound, fmt.Sprintf("No project could be found with key '%s'.", key), nil)
		return
	}
	known := []string{"BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES", "RESOLVE_ISSUES", "CLOSE_ISSUES", "DELETE_ISSUES"}
	found := object{}
	for i, name := range strings.Split(asked, ",") {
		if !slices.Contains(known, name) {
			writeErrors(w, http.StatusBadRequest, fmt.Sprintf("Unrecognized permission: %s", name), nil)
			return
		}
		found[name] = object{
			"id": strconv.Itoa(10 + i), "key": name, "name": strings.ReplaceAll(strings.ToLower(name), "_", " "), "type": "PROJECT",
			"havePermission": !slices.Contains(s.opts.Denied, name),
		}
	}
	write(w, http.StatusOK, object{"permissions": found})
}

// needs puts the permission that an operation takes in front of it.
func (s *Server) needs(permission string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(s.opts.Denied, permission) {
			writeErrors(w, http.StatusForbidden, "You do not have the permission "+permission+" in this project.", nil)
			return
		}
		next(w, r)
	}
}

// requiredField is the id of the i-th field of Options.Required.
func requiredField(i int) string { return fmt.Sprintf("customfield_%d", 10100+i) }

// createFields lists what the create screen of an issue type has, as Cloud does.
func (s *Server) createFields(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("type"))
	if r.PathValue("project") != s.opts.Project || err != nil || id < firstType || id >= firstType+len(s.opts.IssueTypes) {
		notFound(w)
		return
	}
	field := func(id, name string, required bool) object {
		return object{"fieldId": id, "key": id, "name": name, "required": required, "hasDefaultValue": false}
	}
	fields := []object{
		field("project", "Project", true), field("issuetype", "Issue Type", true), field("summary", "Summary", true),
		field("description", "Description", false), field("labels", "Labels", false), field("reporter", "Reporter", true),
	}
	for i, name := range s.opts.Required {
		fields = append(fields, field(requiredField(i), name, true))
	}
	write(w, http.StatusOK, object{"startAt": 0, "maxResults": 200, "total": len(fields), "fields": fields})
}
