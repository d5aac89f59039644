package entraid_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/connectors/entraid"
	"github.com/killsignal/killsignal/internal/simulator/entra"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func TestSignIn(t *testing.T) {
	state := func(t *testing.T, h *house) error {
		_, err := h.State(t.Context(), h.ref())
		return err
	}
	t.Run("one token serves many calls", func(t *testing.T) {
		var sent tap
		h := newHouse(t, sent.wrap)
		for range 3 {
			require.NoError(t, state(t, h))
		}
		require.Len(t, sent.where("POST", "/token$"), 1)
	})
	t.Run("a wrong secret is unauthenticated, with a hint", func(t *testing.T) {
		h := newHouse(t)
		secret(t, "wrong")
		err := state(t, h)
		require.Equal(t, access.Unauthenticated, codeOf(t, err))
		require.Equal(t, "invalid_client", err.(*access.Error).ProviderCode)
		require.Contains(t, err.(*access.Error).Hint, "client_id")
	})
	t.Run("a rotated secret needs no restart", func(t *testing.T) {
		h := newHouse(t)
		secret(t, "wrong")
		require.Error(t, state(t, h))
		secret(t, h.tenant.ClientSecret())
		require.NoError(t, state(t, h))
	})
	t.Run("a secret that has gone is invalid", func(t *testing.T) {
		h := newHouse(t)
		secret(t, "")
		require.Equal(t, access.Invalid, codeOf(t, state(t, h)))
	})
	for name, change := range map[string]func(*entraid.Config){
		"tenant": func(c *entraid.Config) { c.TenantID = "00000000-0000-4000-8000-000000000000" },
		"client": func(c *entraid.Config) { c.ClientID = "00000000-0000-4000-8000-000000000000" },
	} {
		t.Run("an unknown "+name+" is unauthenticated", func(t *testing.T) {
			h := newHouse(t)
			change(&h.config)
			h.Connector = connect(t, h.config)
			require.Equal(t, access.Unauthenticated, codeOf(t, state(t, h)))
		})
	}
	for _, row := range []struct {
		name   string
		effect fault.Effect
		code   access.Code
	}{
		{"that fails", fault.Answer(500, nil, ""), access.Unavailable},
		{"that is cut off", fault.Cut(), access.Unavailable},
		{"that answers with a page", fault.Page(), access.Unavailable},
		{"that is garbled", fault.Garble(), access.Unavailable},
		{"that asks to wait", fault.Answer(429, http.Header{"Retry-After": {"3600"}}, ""), access.RateLimited},
		{"that says nothing of use", fault.Answer(200, nil, "{}"), access.Unauthenticated},
	} {
		t.Run("an authority "+row.name+" is "+string(row.code), func(t *testing.T) {
			h := newHouse(t)
			h.faults.Add(fault.Rule{Match: fault.Path("/token"), Effect: row.effect})
			before := len(h.faults.Requests())
			err := h.EndSessions(t.Context(), h.ref())
			require.Equal(t, row.code, codeOf(t, err))
			for _, request := range h.faults.Requests()[before:] {
				require.NotContains(t, request.Path, "/v1.0/users", "nothing was asked of Graph")
			}
		})
	}
}

func TestACertificateProvesWhoWeAre(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "killsignal"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "client.pem")
	content := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	require.NoError(t, os.WriteFile(file, content, 0o600))
	reference, err := connectors.ParseSecret("file:" + file)
	require.NoError(t, err)

	for _, row := range []struct {
		sentence   string
		registered *x509.Certificate
		code       access.Code
	}{
		{"one that the tenant knows is accepted", certificate, ""},
		{"one that it does not know is unauthenticated", nil, access.Unauthenticated},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			tenant := entra.New(entra.Options{Seed: 1, Certificate: row.registered})
			user := tenant.AddUser(entra.User{UserPrincipalName: "ada.marsh@example.com"})
			server := httptest.NewServer(tenant)
			t.Cleanup(server.Close)
			connector := connect(t, entraid.Config{TenantID: tenant.TenantID(), ClientID: tenant.ClientID(), Certificate: reference,
				GraphURL: server.URL, AuthorityURL: server.URL})
			_, err := connector.State(t.Context(), access.AccountRef{System: system, ID: user})
			require.Equal(t, row.code, access.CodeOf(err))
		})
	}
	t.Run("a file without a key is refused at once", func(t *testing.T) {
		require.NoError(t, os.WriteFile(file, []byte("-----BEGIN NOTHING-----\n-----END NOTHING-----\n"), 0o600))
		_, err := entraid.New(system, entraid.Config{TenantID: "00000000-0000-4000-8000-000000000000",
			ClientID: "00000000-0000-4000-8000-000000000000", Certificate: reference})
		require.Equal(t, access.Invalid, codeOf(t, err))
	})
}

func TestClaimsChallenges(t *testing.T) {
	t.Run("a token that was revoked is replaced, and the call goes through", func(t *testing.T) {
		var sent tap
		h := newHouse(t, sent.wrap)
		require.NoError(t, h.Check(t.Context()))
		h.tenant.Challenge()
		require.NoError(t, h.Lock(t.Context(), h.ref()))
		tokens := sent.where("POST", "/token$")
		require.Len(t, tokens, 2)
		require.Contains(t, tokens[1].body, "nbf", "the new token is asked for with the claims of the challenge")
		require.Contains(t, h.tenant.Truth()[h.ada], `"enabled":false`)
	})
	for _, header := range []string{
		`Bearer claims="eyJhIjoxfQ=="`, // well formed, and never satisfied
		`Bearer claims=eyJhIjoxfQ==`, `Bearer claims`, `Bearer claims=`, `Bearer claims=""`, `Bearer claims="%%%"`, `Bearer claims="bm90IGpzb24="`,
		`Bearer realm="", claims="a,b"`, `Bearer`, `Basic realm="x"`, `bearer error="insufficient_claims", claims="`,
	} {
		for _, body := range []string{`{"error":{"code":"InvalidAuthenticationToken","message":"no"}}`, `{}`, `{"error":null}`, ``, `<html>`} {
			t.Run("the challenge "+header+" with "+body+" is unauthenticated", func(t *testing.T) {
				h := newHouse(t)
				h.faults.Add(fault.Rule{Match: fault.Path("/v1.0/"), Effect: fault.Answer(401, http.Header{"Www-Authenticate": {header}}, body)})
				_, err := h.State(t.Context(), h.ref())
				require.Equal(t, access.Unauthenticated, codeOf(t, err))
			})
		}
	}
}
