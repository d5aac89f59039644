package connectortest

import (
	"context"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors"
	"github.com/killsignal/killsignal/internal/simulator/fault"
)

func faultChecks() []check {
	var all []check
	for _, d := range disturbances() {
		all = append(all, check{"faults", d.name + " is " + d.says(), nil, d.check})
	}
	return append(all,
		check{"faults", "a 429 or 503 without Retry-After heals by itself", []connectors.Capability{connectors.CanLock}, once(heals)},
		check{"faults", "a system that answers 404 to everything proves no absence", nil, once(provesNoAbsence)},
	)
}

// disturbance is something wrong with every answer, and the codes it must have.
type disturbance struct {
	name        string
	effect      fault.Effect
	read, write access.Code
	lasting     bool // the transport remembers it, so that nothing is sent afterwards
}

// leaky is an error body as providers send them, full of what must not get out.
const leaky = `{"error":{"code":"canary-code of ada","message":"canary-message https://example.com/secret"},` +
	`"errorCode":"canary-code of ada","errorSummary":"canary-summary","detail":"canary-detail","scimType":"canary-type of ada"}`

func disturbances() []disturbance {
	status := func(status int) fault.Effect { return fault.Answer(status, nil, leaky) }
	later := func(status int) fault.Effect {
		return fault.Answer(status, http.Header{"Retry-After": {"3600"}}, leaky)
	}
	return []disturbance{
		{"status 401", status(401), access.Unauthenticated, access.Unauthenticated, false},
		{"status 403", status(403), access.Denied, access.Denied, false},
		{"status 409", status(409), access.NotConverged, access.NotConverged, false},
		{"status 429 with a long Retry-After", later(429), access.RateLimited, access.RateLimited, true},
		{"status 500", status(500), access.Unavailable, access.Unknown, false},
		{"status 503 with a long Retry-After", later(503), access.Unavailable, access.Unavailable, true},
		{"a cut connection", fault.Cut(), access.Unavailable, access.Unknown, false},
		{"a sign-in page with status 200", fault.Page(), access.Unavailable, access.Unknown, false},
		{"a garbled answer", fault.Garble(), access.Unavailable, access.Unknown, false},
	}
}

func (d disturbance) says() string {
	if d.read == d.write {
		return string(d.read)
	}
	return string(d.read) + " for reads and " + string(d.write) + " for writes"
}

func (d disturbance) check(t T, fresh func() *Harness) {
	h := fresh()
	system := h.system(t, &Ledger{})
	h.Faults.Add(fault.Rule{Match: h.read, Effect: d.effect})
	_, err := h.Connector.Find(t.Context(), h.Subject)
	d.requireCode(t, h, err, d.read, "find")
	_, err = h.Connector.State(t.Context(), h.ref())
	d.requireCode(t, h, err, d.read, "state")
	if h.can(connectors.CanRevoke) {
		for _, kind := range h.Connector.Info().Rights {
			_, err = h.Connector.(connectors.RightRevoker).Rights(t.Context(), h.ref(), kind, "")
			d.requireCode(t, h, err, d.read, "rights of the kind "+string(kind))
		}
	}
	d.requireOpen(t, system.Drive(t.Context(), h.job("case-1")))
	d.recovers(t, h)

	h = fresh()
	acts := h.acts(t)
	h.Faults.Add(fault.Rule{Match: h.write, Effect: d.effect})
	for _, act := range acts {
		before := h.sent()
		err := act.do(t.Context())
		if err == nil && h.sent() == before {
			continue // this act had nothing left to send
		}
		d.requireCode(t, h, err, d.write, act.name)
	}
	d.recovers(t, h)
}

// act is one call that changes something.
type act struct {
	name string
	do   func(ctx context.Context) error
}

// acts lists the calls that change something, one of each sort.
func (h *Harness) acts(t T) []act {
	t.Helper()
	var acts []act
	if locker, ok := h.Connector.(connectors.Locker); ok && h.can(connectors.CanLock) {
		acts = append(acts, act{"lock", func(ctx context.Context) error { return locker.Lock(ctx, h.ref()) }})
	}
	if h.can(connectors.CanRevoke) {
		for _, kind := range h.Connector.Info().Rights {
			right := removable(h.rights(t, kind))[0]
			acts = append(acts, act{"revoke a " + right.Type, func(ctx context.Context) error {
				return h.Connector.(connectors.RightRevoker).RevokeRight(ctx, h.ref(), right)
			}})
		}
	}
	if ender, ok := h.Connector.(connectors.SessionEnder); ok && h.can(connectors.CanEndSessions) {
		acts = append(acts, act{"end sessions", func(ctx context.Context) error { return ender.EndSessions(ctx, h.ref()) }})
	}
	return acts
}

func (d disturbance) requireCode(t T, h *Harness, err error, code access.Code, op string) {
	t.Helper()
	require.Error(t, err, op)
	e := safe(t, h, err)
	require.Equal(t, code, e.Code, op)
	if d.lasting {
		require.Greater(t, e.RetryAfter, 4*time.Minute, "%s: what the provider asks is passed on", op)
	}
}

func (d disturbance) requireOpen(t T, progress connectors.Progress) {
	t.Helper()
	require.NotEmpty(t, progress.Cells)
	for _, cell := range progress.Cells {
		require.True(t, cell.Disposition.Open(), "stage %s is %s", cell.Stage, cell.Disposition)
	}
}

// recovers drives once more when the trouble is over.
func (d disturbance) recovers(t T, h *Harness) {
	t.Helper()
	h.Faults.Clear()
	if !d.lasting && h.can(connectors.CanLock) {
		h.settle(t, &Ledger{}, "case-1")
		h.requireEnded(t)
	}
}

func heals(t T, h *Harness) {
	system := h.system(t, &Ledger{})
	h.Faults.Add(fault.Rule{Match: h.read, Times: 1, Effect: fault.Answer(503, nil, "")})
	h.Faults.Add(fault.Rule{Match: h.write, Times: 1, Effect: fault.Answer(429, nil, "")})
	h.requireApplied(t, system.Drive(t.Context(), h.job("case-1")))
}

func provesNoAbsence(t T, h *Harness) {
	system := h.system(t, &Ledger{})
	h.Faults.Add(fault.Rule{Match: func(r *http.Request) bool { return h.read(r) || h.write(r) }, Effect: fault.Answer(404, nil, `{}`)})
	for _, cell := range system.Drive(t.Context(), h.job("case-1")).Cells {
		require.True(t, cell.Disposition.Open(), "stage %s is %s", cell.Stage, cell.Disposition)
	}
}
