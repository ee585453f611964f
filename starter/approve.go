package main

import (
	"context"
	"fmt"
	"os/user"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"firebreak/internal/incident"
	"firebreak/internal/redact/rules"
)

// maxNote is the longest note that a decision may carry, in bytes.
const maxNote = 1000

// decideTimeout bounds how long the workflow may take to judge a decision.
const decideTimeout = 60 * time.Second

// decideFlags are what approve and reject take.
type decideFlags struct {
	digest, note, key, as string
}

// decided is what approve and reject print with --json.
type decided struct {
	IncidentID string                   `json:"incident_id"`
	WorkflowID string                   `json:"workflow_id"`
	RunID      string                   `json:"run_id"`
	Approved   bool                     `json:"approved"`
	Approver   string                   `json:"approver"`
	Plan       incident.Plan            `json:"plan"`
	Receipt    incident.DecisionReceipt `json:"receipt"`
}

func newApproveCommand(open opener) *cobra.Command {
	return newDecideCommand(open, true, "approve ID", "Approve an incident's pending plan")
}

func newRejectCommand(open opener) *cobra.Command {
	return newDecideCommand(open, false, "reject ID", "Reject an incident's pending plan")
}

func newDecideCommand(open opener, approved bool, use, short string) *cobra.Command {
	var f decideFlags
	cmd := &cobra.Command{
		Use:   use,
		Short: short,
		Long: short + ". The plan is shown with its resolved parameters, then the decision\n" +
			"is sent; it counts for exactly that plan. With --digest it is sent only for the plan that you looked at before.\n\n" +
			"Unless policy lets unverified decisions count, sign with --key: policy knows your public key. What was refused ends\n" +
			"with 1 and the reason.\n\n" + whatID,
		Example: "  starter " + strings.Fields(use)[0] + " inc-4f\n" +
			"  starter " + strings.Fields(use)[0] + " inc-4f --digest v1:1939c1699472 --as ana@example.com --key ~/.ssh/id_ed25519 --note \"looks right\"",
		Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(f.note) > maxNote {
				return usagef("--note has %d bytes, at most %d are taken", len(f.note), maxNote)
			}
			if f.as == "" {
				f.as = currentUser()
			}
			if strings.ContainsAny(f.as, "\r\n\x00") || f.as == "" || len(f.as) > 128 {
				return usagef("--as has to name the approver on one line of at most 128 bytes")
			}
			return decide(cmd, open, args[0], approved, f)
		},
	}
	cmd.Flags().StringVar(&f.digest, "digest", "", "refuse unless the pending plan has this digest (the first 12 hex digits are enough)")
	cmd.Flags().StringVar(&f.note, "note", "", "why, for the record")
	cmd.Flags().StringVar(&f.key, "key", "", "SSH private key file that signs the decision")
	cmd.Flags().StringVar(&f.as, "as", "", "identity of the approver as policy lists it (default: the name of the current user)")
	return cmd
}

func currentUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

// decide finds the incident, shows its plan, signs and sends the answer.
func decide(cmd *cobra.Command, open opener, typed string, approved bool, f decideFlags) error {
	var key signer
	if f.key != "" {
		var err error
		if key, err = readKey(f.key, askPassphrase(cmd)); err != nil {
			return err
		}
	}
	c, err := open(cmd)
	if err != nil {
		return err
	}
	defer c.Close()
	found, err := find(cmd.Context(), c, typed, false)
	if err != nil {
		return err
	}
	r := ref{found.WorkflowID, found.RunID}
	state, err := c.State(cmd.Context(), r)
	if err != nil {
		return err
	}
	if !state.Pending || state.Plan == nil {
		return fmt.Errorf("incident %s waits for no decision, it is %s", state.ID, state.Status)
	}
	plan := *state.Plan
	if err := meansPlan(f.digest, plan.Digest); err != nil {
		return err
	}
	shown := cmd.OutOrStdout()
	if wantsJSON(cmd) {
		shown = cmd.ErrOrStderr()
	}
	fmt.Fprintf(shown, "%s  %s  %s\n", safe(state.ID), safe(state.Service), safe(string(state.Severity)))
	newStory(shown, false).plan(plan)

	d := incident.Decision{
		Approved: approved, Approver: f.as, Via: "cli", PlanDigest: plan.Digest,
		// Redacted here as well: the update's arguments are kept in history.
		Note:     rules.Default().Redact(f.note),
		IssuedAt: time.Now().UTC().Format(time.RFC3339),
	}
	if len(d.Note) > maxNote {
		return usagef("--note has %d bytes once secrets are taken out, at most %d are taken", len(d.Note), maxNote)
	}
	if key != nil {
		if d.Signature, err = key.sign(incident.DecisionMessage(c.Namespace(), r.WorkflowID, r.RunID, d)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), decideTimeout)
	defer cancel()
	receipt, err := c.Decide(ctx, r, updateID(d), d)
	if err != nil {
		return err
	}
	return report(cmd, decided{state.ID, r.WorkflowID, r.RunID, approved, d.Approver, plan, receipt})
}

var digestPrefix = regexp.MustCompile(`^(?:v1:)?[0-9a-f]{12,64}$`)

// meansPlan checks that the digest that a person saw is the pending plan's.
func meansPlan(typed, pending string) error {
	if typed == "" {
		return nil
	}
	if !digestPrefix.MatchString(typed) {
		return usagef("--digest %q is no digest: v1: and 64 hex digits, of which the first 12 are enough", typed)
	}
	if !strings.HasPrefix(strings.TrimPrefix(pending, "v1:"), strings.TrimPrefix(typed, "v1:")) {
		return fmt.Errorf("the pending plan is now %s, not %s: look at it again with `incidents show`", pending, typed)
	}
	return nil
}

// report prints the receipt and makes a refusal an error.
func report(cmd *cobra.Command, d decided) error {
	if wantsJSON(cmd) {
		if err := printJSON(cmd.OutOrStdout(), d); err != nil {
			return err
		}
	}
	if !d.Receipt.Accepted {
		reason := d.Receipt.Reason.String()
		if reason == "" {
			reason = "no reason was given"
		}
		return fmt.Errorf("the decision was refused: %s", reason)
	}
	if wantsJSON(cmd) {
		return nil
	}
	verified := "unverified"
	if d.Receipt.Verified {
		verified = "verified by signature"
	}
	cmd.Printf("\n%s %s as %s (%s).", safe(d.IncidentID), answer(d.Approved), safe(d.Approver), verified)
	if d.Approved && d.Receipt.Needed > 0 {
		cmd.Printf(" %d more to go.", d.Receipt.Needed)
	}
	cmd.Printf("\n")
	return nil
}
