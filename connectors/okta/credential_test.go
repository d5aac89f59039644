package okta

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
	simulator "github.com/killsignal/killsignal/internal/simulator/okta"
)

func newKey(t *testing.T) (key *rsa.PrivateKey, pkcs1, pkcs8 string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// tokenRequests counts the requests to the token endpoint.
func (h *house) tokenRequests() (n int) {
	for _, seen := range h.faults.Requests() {
		if seen.Path == "/oauth2/v1/token" {
			n++
		}
	}
	return n
}

func TestPrivateKeyOAuth(t *testing.T) {
	key, pkcs1, pkcs8 := newKey(t)
	with := func(t *testing.T, h *house, text string, granted ...string) *Connector {
		id := h.org.AddService(&key.PublicKey, "k1", granted...)
		return h.connect(t, func(c *Config) {
			c.Token, c.OAuth = connectors.Secret{}, &OAuth{ClientID: id, PrivateKey: secret(t, text), KeyID: "k1"}
		})
	}
	for name, text := range map[string]string{"PKCS #1": pkcs1, "PKCS #8": pkcs8, "line breaks as \\n": strings.ReplaceAll(pkcs8, "\n", `\n`)} {
		t.Run("a key in "+name+" opens the org", func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			c := with(t, h, text, everyPermission()...)
			require.NoError(t, c.Check(t.Context()))
			require.NoError(t, c.Lock(t.Context(), h.ref()))
			require.Empty(t, c.Info().OwnAccounts)
			for _, seen := range h.faults.Requests() {
				require.NotContains(t, seen.Query, "client_assertion", "the assertion is not in a URL")
			}
			require.Equal(t, 1, h.tokenRequests())
		})
	}
	t.Run("callers at the same time share one token", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		c := with(t, h, pkcs8, everyPermission()...)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				if _, err := c.State(t.Context(), h.ref()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		require.Equal(t, 1, h.tokenRequests())
	})
	t.Run("a token that the org has dropped is replaced", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		c := with(t, h, pkcs8, everyPermission()...)
		require.NoError(t, c.Lock(t.Context(), h.ref()))
		h.org.ExpireBearers()
		require.NoError(t, c.EndSessions(t.Context(), h.ref()))
		require.Equal(t, 2, h.tokenRequests())
	})
	t.Run("an org that refuses every token is asked twice, not for ever", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		c := with(t, h, pkcs8, everyPermission()...)
		require.NoError(t, c.Lock(t.Context(), h.ref()))
		h.disturb("/users/", fault.Answer(http.StatusUnauthorized, nil, `{"errorCode":"E0000011"}`))
		require.Equal(t, access.Unauthenticated, access.CodeOf(c.EndSessions(t.Context(), h.ref())))
		require.Equal(t, 2, h.tokenRequests())
	})
	t.Run("scopes that are not granted are denied", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		c := with(t, h, pkcs8, "okta.users.read")
		require.Equal(t, access.Denied, access.CodeOf(c.Check(t.Context())))
	})
	t.Run("scopes that are not asked for are named by the check", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		id := h.org.AddService(&key.PublicKey, "k1", everyPermission()...)
		c := h.connect(t, func(c *Config) {
			c.Token, c.OAuth = connectors.Secret{}, &OAuth{ClientID: id, PrivateKey: secret(t, pkcs8), KeyID: "k1", Scopes: []string{"okta.users.read"}}
		})
		err := c.Check(t.Context())
		require.Equal(t, access.Denied, access.CodeOf(err))
		require.ErrorContains(t, err, "okta.users.manage")
		require.Equal(t, access.Denied, access.CodeOf(c.Lock(t.Context(), h.ref())))
	})
	t.Run("somebody else's key is unauthenticated", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		_, _, other := newKey(t)
		c := with(t, h, other, everyPermission()...)
		require.Equal(t, access.Unauthenticated, access.CodeOf(c.Check(t.Context())))
	})
	t.Run("a key that is none is found at the start", func(t *testing.T) {
		_, err := New("okta-test", Config{URL: "https://acme.okta.com", OAuth: &OAuth{ClientID: "0oa1", PrivateKey: secret(t, "canary")}})
		require.Equal(t, access.Invalid, access.CodeOf(err))
		require.NotContains(t, err.Error(), "canary")
	})
	for name, body := range map[string]string{"null": "null", "nothing": "", "an empty object": "{}", "an object without a token": `{"expires_in":3600}`} {
		t.Run("a token endpoint that answers with "+name+" is no crash", func(t *testing.T) {
			h := newHouse(t, simulator.Options{})
			c := with(t, h, pkcs8, everyPermission()...)
			h.disturb("/oauth2/", fault.Answer(http.StatusOK, nil, body))
			_, err := c.State(t.Context(), h.ref())
			require.Equal(t, access.Unavailable, access.CodeOf(err))
			require.Equal(t, access.Unavailable, access.CodeOf(c.Lock(t.Context(), h.ref())))
		})
	}
	t.Run("a demand for DPoP is named", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		c := with(t, h, pkcs8, everyPermission()...)
		h.disturb("/oauth2/", fault.Answer(http.StatusBadRequest, nil, `{"error":"invalid_dpop_proof","error_description":"ada.marsh@example.com"}`))
		_, err := c.State(t.Context(), h.ref())
		require.ErrorContains(t, err, "DPoP")
		require.NotContains(t, err.Error(), "ada")
	})
	t.Run("the caller's deadline counts for the token as well", func(t *testing.T) {
		h := newHouse(t, simulator.Options{})
		c := with(t, h, pkcs8, everyPermission()...)
		h.disturb("/oauth2/", fault.Hang())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		started := time.Now()
		_, err := c.State(ctx, h.ref())
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.Less(t, time.Since(started), impatient.Timeout)
	})
}

func TestASecretThatIsRotatedNeedsNoRestart(t *testing.T) {
	t.Setenv("KILLSIGNAL_TEST_TOKEN", "00-old")
	rotating, err := connectors.ParseSecret("env:KILLSIGNAL_TEST_TOKEN")
	require.NoError(t, err)
	h := newHouse(t, simulator.Options{})
	c := h.connect(t, func(c *Config) { c.Token = rotating })
	_, err = c.State(t.Context(), h.ref())
	require.Equal(t, access.Unauthenticated, access.CodeOf(err))
	t.Setenv("KILLSIGNAL_TEST_TOKEN", apiTokenValue)
	_, err = c.State(t.Context(), h.ref())
	require.NoError(t, err)
}
