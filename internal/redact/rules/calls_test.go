package rules_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"firebreak/internal/redact/rules"
)

// secretWord is what the texts below hide; each has the same without it.
const secretWord = "Zk4marbleQ9"

func TestCallsThatSetSecrets(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, text := range []string{
		`props.setProperty("db.password", "Zk4marbleQ9");`,
		`headers.put('client_secret', 'Zk4marbleQ9')`,
		`await page.fill('#password', 'Zk4marbleQ9')`,
		`page.type("input[name='password']", "Zk4marbleQ9")`,
		`{"step":"page.fill(\"#password\", \"Zk4marbleQ9\")"}`,
		`net use Z: \\files\share /user:CORP\svc Zk4marbleQ9`,
		`"C:\Windows\System32\net.exe use \\files\share Zk4marbleQ9 /user:svc" failed`,
		`net user bob Zk4marbleQ9 /add`,
		`snmp-server community Zk4marbleQ9 RO`,
		`rocommunity Zk4marbleQ9 10.0.0.0/8`,
		`snmpd: community string "Zk4marbleQ9" from 10.0.0.7`,
		`snmp_community=Zk4marbleQ9`,
		`token: //registry.example/:_authToken=Zk4marbleQ9`,
	} {
		got := r.Redact(text)
		require.NotContains(t, got, secretWord, text)
		require.Contains(t, got, "[redacted:secret:", text)
		require.Equal(t, got, r.Redact(got), text)
	}
	require.Equal(t, `token: //registry.example/:_authToken=[`, r.Redact(`token: //registry.example/:_authToken=` + secretWord)[:39], "the host stays")
}

func TestCallsThatSetNothing(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, text := range []string{
		`errors.add("password", "tooshort")`,
		`setMessage("password", "must be longer")`,
		`el.setAttribute("token", value)`,
		`set("session", "read-only")`,
		`page.fill('#username', 'bob')`,
		`net use Z: \\files\share /persistent:yes`,
		`net use Z: \\files\share * /user:CORP\svc`,
		`net user bob /delete`,
		`the net user growth was 4 %`,
		`snmp: community is unknown`,
		`macro community guidelines2026`,
		`terminal 00418812, rrn 632588120041`,
	} {
		require.Equal(t, text, r.Redact(text))
	}
}

func TestAddressesOfTelephony(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	for _, text := range []string{"<sip:+491771234567@sip.example>", "sips:+49 177 1234567@sip.example"} {
		require.Regexp(t, `^<?sips?:\[redacted:phone:[0-9a-f]{8}\]@sip\.example>?$`, r.Redact(text))
	}
	for _, text := range []string{"sip:alice@sip.example", "sip:0771234567@sip.example", "sip:+1@sip.example"} {
		require.Regexp(t, `^sip:\[redacted:email:[0-9a-f]{8}\]$`, r.Redact(text), "what is no number in full is an address")
	}
}

// Rules of the library whose word is not the beginning of what they find, such as
// that of Airtable, look around the word.
func TestLibraryRulesWithAWordElsewhere(t *testing.T) {
	t.Parallel()
	r := rules.Default()
	token := "pat" + "BFVaFAnsDTMwbV" + ".45a7dc9e27e50ff3bbd1187f58ad0a61482cc78fd38009abca472e1cd0440a40"
	require.Regexp(t, `^airtable said 401 to \[redacted:airtable-personnal-access-token:[0-9a-f]{8}\]$`, r.Redact("airtable said 401 to "+token))
}
