package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/slack-go/slack"

	"firebreak/activities/chat"
	"firebreak/internal/config"
)

// historyScopes are the scopes by which a channel's messages can be read; which
// one it takes depends on whether the channel is public or private.
var historyScopes = []string{"channels:history", "groups:history"}

func (d *doctor) slackProbe() probe {
	p := probe{system: "Slack", skip: d.unusable([]string{config.RoleChat}, "slack")}
	if p.skip != "" {
		return p
	}
	api, err := chat.Connect(d.cfg.Slack.APIURL, d.cfg.Slack.BotToken, d.cfg.Slack.AppToken)
	if err != nil {
		p.skip = clean(err.Error())
		return p
	}
	s := slackChecks{api: api, channel: d.cfg.Slack.Channel}
	p.checks = []check{{"bot token", s.token}, {"channel", s.history}, {"Socket Mode", s.socket}}
	return p
}

type slackChecks struct {
	api     *slack.Client
	channel string
}

// token asks who the bot is. Slack says in a header of every answer what the
// token may do.
func (s slackChecks) token(ctx context.Context) finding {
	who, err := s.api.AuthTestContext(ctx)
	if err != nil {
		f := slackTrouble(err, say("Set FIREBREAK_SLACK_BOT_TOKEN to the Bot User OAuth Token (xoxb-) under OAuth & Permissions of the app."))
		return f.last()
	}
	header := who.Header.Get("X-Oauth-Scopes")
	if header == "" {
		return passed("%s in %s; its scopes are not told", safe(who.User), safe(who.Team))
	}
	var scopes []string
	for sc := range strings.SplitSeq(header, ",") {
		scopes = append(scopes, strings.TrimSpace(sc))
	}
	var missing []string
	if !slices.Contains(scopes, "chat:write") {
		missing = append(missing, "chat:write")
	}
	if !slices.ContainsFunc(historyScopes, func(h string) bool { return slices.Contains(scopes, h) }) {
		missing = append(missing, "channels:history (groups:history for a private channel)")
	}
	if len(missing) > 0 {
		return failed("missing scopes: "+strings.Join(missing, ", "), scopeAdvice(strings.Join(missing, " and ")))
	}
	return passed("%s in %s, with the scopes it needs", safe(who.User), safe(who.Team))
}

func scopeAdvice(scopes string) advice {
	return say("Add %s under OAuth & Permissions, Bot Token Scopes, then install the app to the workspace again.", scopes)
}

// history reads the newest message: that takes the scope for reading, and that
// the bot is in the channel.
func (s slackChecks) history(ctx context.Context) finding {
	_, err := s.api.GetConversationHistoryContext(ctx, &slack.GetConversationHistoryParameters{ChannelID: s.channel, Limit: 1})
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) {
		if err != nil {
			return slackTrouble(err)
		}
		return passed("%s can be read, the bot is in it", s.channel)
	}
	switch refused.Err {
	case "not_in_channel":
		return failed("the bot is not in "+s.channel, say("In the channel, type: /invite @ and the bot's name."))
	case "channel_not_found":
		return failed("there is no channel "+s.channel+" that the bot can see",
			say("slack.channel takes the id (C0123ABCD, at the end of the channel's details), not the name. Into a private channel the bot has to be invited."))
	case "is_archived":
		return failed(s.channel+" is archived", say("Name another in slack.channel."))
	case "missing_scope":
		needed := refused.Needed
		if needed == "" {
			needed = "channels:history"
		}
		return failed("missing scope: "+clean(needed), scopeAdvice(clean(needed)))
	default:
		return slackTrouble(err)
	}
}

// socket asks for the address of a Socket Mode connection, which proves the
// app-level token. The address is good once, is never printed and not used.
func (s slackChecks) socket(ctx context.Context) finding {
	_, _, err := s.api.StartSocketModeContext(ctx)
	var refused slack.SlackErrorResponse
	switch {
	case err == nil:
		return passed("the app-level token opens connections")
	case errors.As(err, &refused) && refused.Err == "missing_scope":
		return failed("missing scope: connections:write", say("Under Basic Information, App-Level Tokens, make a token with connections:write and set FIREBREAK_SLACK_APP_TOKEN."))
	case errors.As(err, &refused) && (refused.Err == "not_allowed_token_type" || refused.Err == "invalid_auth" || refused.Err == "not_authed"):
		return failed("the app-level token is refused: "+refused.Err,
			say("Set FIREBREAK_SLACK_APP_TOKEN to an app-level token (xapp-) with connections:write, under Basic Information, App-Level Tokens."))
	case errors.As(err, &refused):
		return slackTrouble(err, say("Switch Socket Mode on for the app."))
	default:
		return slackTrouble(err)
	}
}

// slackTrouble is the finding for an error of Slack's.
func slackTrouble(err error, what ...advice) finding {
	var (
		limited *slack.RateLimitedError
		status  slack.StatusCodeError
		refused slack.SlackErrorResponse
	)
	switch {
	case errors.As(err, &limited):
		return warning("answers, but throttles", say("Look again after %s.", limited.RetryAfter))
	case errors.As(err, &status):
		return failed("answers with status "+clean(status.Status), append(what, say("Check slack.api_url, which is empty for Slack itself."))...)
	case errors.As(err, &refused):
		return failed("answers "+clean(refused.Err), what...)
	default:
		return unreachable(err, "Slack")
	}
}
