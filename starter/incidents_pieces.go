package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/spf13/cobra"

	"firebreak/activities/evidence/store"
	"firebreak/internal/incident"
)

// newEvidenceCommand shows the pieces of evidence of an incident, and all of a
// large one.
func newEvidenceCommand(open opener) *cobra.Command {
	var from pieceStore
	cmd := &cobra.Command{
		Use:   "evidence ID [PIECE]",
		Short: "Show what is known about an incident, or all of one large piece",
		Long: "evidence lists the pieces of evidence of an incident with how to look at each again. With PIECE, an id or its beginning,\n" +
			"it shows that one; where all of it is kept in the evidence store, it reads that, checks its hash, and shows it as JSON.\n\n" + whatID + "\n" +
			"The store is the worker's: evidence.store in its configuration, else --store.",
		Example: "  starter incidents evidence 4f\n  starter incidents evidence 4f ev-1c --env-file deploy/worker.env\n" +
			"  starter incidents evidence 4f ev-1c --store s3://my-bucket/firebreak --json | jq .whole.patterns",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 {
				return usagef("one ID and at most one PIECE, not %d", len(args))
			}
			return oneID(cmd, args[:min(1, len(args))])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := open(cmd)
			if err != nil {
				return err
			}
			defer c.Close()
			state, err := findState(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return printEvidence(cmd, state)
			}
			return from.show(cmd, state, args[1])
		},
	}
	from.flags(cmd)
	return cmd
}

// printEvidence lists all pieces.
func printEvidence(cmd *cobra.Command, state incident.State) error {
	if wantsJSON(cmd) {
		doc := map[string]any{"evidence": state.Evidence, "gaps": state.Gaps}
		if state.Evidence == nil {
			doc["evidence"] = []incident.Evidence{}
		}
		if state.Gaps == nil {
			doc["gaps"] = []incident.Gap{}
		}
		return printJSON(cmd.OutOrStdout(), doc)
	}
	if len(state.Evidence)+len(state.Gaps) == 0 {
		cmd.PrintErrln("No evidence has been gathered.")
		return nil
	}
	newStory(cmd.OutOrStdout(), true).evidence(state)
	return nil
}

// pieceStore says where large pieces are kept.
type pieceStore struct {
	worker workerConfig
	place  string
}

func (p *pieceStore) flags(cmd *cobra.Command) {
	p.worker.flags(cmd)
	cmd.Flags().StringVar(&p.place, "store", "", "where large pieces are kept, s3://BUCKET/PREFIX or file:FOLDER (default: the worker's evidence.store)")
}

// show shows one piece, and all of it where it is kept.
func (p *pieceStore) show(cmd *cobra.Command, state incident.State, typed string) error {
	piece, err := pieceOf(state, typed)
	if err != nil {
		return err
	}
	var whole []byte
	if piece.Whole != nil {
		if whole, err = p.read(cmd.Context(), *piece.Whole); err != nil {
			return err
		}
	}
	if wantsJSON(cmd) {
		return printJSON(cmd.OutOrStdout(), map[string]any{"piece": piece, "whole": json.RawMessage(orNull(whole))})
	}
	newStory(cmd.OutOrStdout(), true).piece(piece)
	if piece.Whole == nil {
		cmd.PrintErrln("This is all that was kept of it.")
		return nil
	}
	return printWhole(cmd.OutOrStdout(), *piece.Whole, whole)
}

// pieceOf finds the one piece whose id begins with what was typed.
func pieceOf(state incident.State, typed string) (incident.Evidence, error) {
	var fits []incident.Evidence
	for _, e := range state.Evidence {
		if e.ID == typed {
			return e, nil
		}
		if strings.HasPrefix(e.ID, typed) || strings.HasPrefix(e.ID, "ev-"+typed) {
			fits = append(fits, e)
		}
	}
	switch len(fits) {
	case 1:
		return fits[0], nil
	case 0:
		return incident.Evidence{}, fmt.Errorf("no piece of evidence of %s has an id that begins with %q; without PIECE all are listed", safe(state.ID), safe(typed))
	default:
		return incident.Evidence{}, fmt.Errorf("%q fits %d pieces of evidence; type more of the id", safe(typed), len(fits))
	}
}

// read reads an object of the store and checks its hash.
func (p *pieceStore) read(ctx context.Context, ref incident.ObjectRef) ([]byte, error) {
	place, region := p.place, ""
	if place == "" {
		cfg, _, err := p.worker.read() // other mistakes in it do not matter here
		if err != nil {
			return nil, err
		}
		place, region = cfg.Evidence.Store, cfg.Region
	}
	var client store.S3
	if store.UsesS3(place) {
		cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
		if err != nil {
			return nil, fmt.Errorf("read the AWS configuration: %w", err)
		}
		client = s3.NewFromConfig(cfg)
	}
	kept, err := store.Open(place, client)
	if err != nil {
		return nil, usageError{err}
	}
	if kept == nil {
		return nil, usagef("all of this piece is kept in the worker's evidence store, under %s; say where that is with --store, --config or --env-file", safe(ref.Key))
	}
	return kept.Get(ctx, ref)
}

func orNull(raw []byte) []byte {
	if raw == nil {
		return []byte("null")
	}
	return raw
}

// piece writes one piece of evidence with what it is about.
func (s story) piece(e incident.Evidence) {
	s.hang(safe(e.ID)+"  ", text(e.Title))
	s.body(fmt.Sprintf("%s of %s, %s to %s", safe(string(e.Kind)), orDash(e.Service), stamp(e.From), stamp(e.To)))
	s.finding(e)
}

// printWhole writes an object as indented JSON, its lines made harmless: it
// holds names and log lines of others.
func printWhole(w io.Writer, ref incident.ObjectRef, whole []byte) error {
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, whole, "", "  "); err != nil {
		return fmt.Errorf("the stored object is no JSON: %w", err)
	}
	_, err := fmt.Fprintf(w, "\nAll of it, %d bytes, SHA-256 %s as it was stored:\n%s\n", len(whole), safe(ref.SHA256), safeLines(pretty.String()))
	return err
}
