package jira

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

func (s *Server) transitions(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.find(r.PathValue("key"))
	if is == nil {
		notFound(w)
		return
	}
	out := []object{}
	for _, t := range s.opts.Workflow.from(is.Status.Name) {
		to, _ := s.opts.Workflow.status(t.To) // checked at the start
		one := object{"id": t.ID, "name": t.Name, "to": to.json(s.base), "hasScreen": t.Resolution, "isAvailable": true}
		// Jira tells a transition's fields only when it is asked to expand them.
		if r.URL.Query().Get("expand") == "transitions.fields" {
			fields := object{}
			if t.Resolution {
				allowed := make([]object, len(Resolutions))
				for i, name := range Resolutions {
					allowed[i] = object{"id": strconv.Itoa(i + 1), "name": name}
				}
				fields["resolution"] = object{"required": true, "name": "Resolution", "key": "resolution", "allowedValues": allowed}
			}
			one["fields"] = fields
		}
		out = append(out, one)
	}
	write(w, http.StatusOK, object{"expand": "transitions", "transitions": out})
}

func (s *Server) transition(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Transition struct {
			ID string `json:"id"`
		} `json:"transition"`
		Fields struct {
			Resolution *struct {
				ID   string `json:"id"`
				Name string `json:"name"`
			} `json:"resolution"`
		} `json:"fields"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		writeErrors(w, http.StatusBadRequest, "There was an error parsing JSON: "+err.Error(), nil)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	is := s.find(r.PathValue("key"))
	if is == nil {
		notFound(w)
		return
	}
	offered := s.opts.Workflow.from(is.Status.Name)
	i := slices.IndexFunc(offered, func(t Transition) bool { return t.ID == in.Transition.ID })
	if i < 0 {
		writeErrors(w, http.StatusBadRequest, "It seems that you have tried to perform an illegal workflow operation.", nil)
		return
	}
	t := offered[i]
	resolution := ""
	if in.Fields.Resolution != nil {
		if n, err := strconv.Atoi(in.Fields.Resolution.ID); err == nil && n >= 1 && n <= len(Resolutions) {
			resolution = Resolutions[n-1]
		}
		if slices.Contains(Resolutions, in.Fields.Resolution.Name) {
			resolution = in.Fields.Resolution.Name
		}
	}
	switch {
	case t.Resolution && resolution == "":
		writeErrors(w, http.StatusBadRequest, "", map[string]string{"resolution": "Resolution is required."})
		return
	case !t.Resolution && in.Fields.Resolution != nil:
		writeErrors(w, http.StatusBadRequest, "", map[string]string{"resolution": "Field 'resolution' cannot be set. It is not on the appropriate screen, or unknown."})
		return
	}
	is.Status, _ = s.opts.Workflow.status(t.To) // checked at the start
	is.History = append(is.History, is.Status.Name)
	is.Resolution = resolution
	if is.Status.Category == CategoryDone && resolution == "" {
		is.Resolution = Resolutions[0]
	}
	is.Updated = s.now()
	write(w, http.StatusNoContent, nil)
}
