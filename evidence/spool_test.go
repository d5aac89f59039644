package evidence

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

func TestStoreDown(t *testing.T) {
	o := newOutage(t)
	ctx := t.Context()
	_, err := o.Intend(ctx, intent(access.Lock, "scim", "ACTIVE"))
	require.NoError(t, err)
	o.down(t)

	t.Run("an emergency is admitted and says so", func(t *testing.T) {
		stored, admitted, err := o.Admit(ctx, ada("event-1", "run-1"))
		require.NoError(t, err)
		require.True(t, admitted)
		require.True(t, stored.Spooled)
	})
	t.Run("no event is admitted twice", func(t *testing.T) {
		again, admitted, err := o.Admit(ctx, ada("event-1", "run-1"))
		require.NoError(t, err)
		require.True(t, admitted)
		require.True(t, again.Spooled)
		other, admitted, err := o.Admit(ctx, ada("event-1", "run-2"))
		require.NoError(t, err)
		require.False(t, admitted)
		require.Equal(t, "run-1", other.FirstRun)
	})
	t.Run("a case that is no emergency waits", func(t *testing.T) {
		c := ada("event-2", "run-1")
		c.Request.Strategy = "scheduled"
		_, _, err := o.Admit(ctx, c)
		require.Equal(t, access.Unavailable, access.CodeOf(err))
	})
	t.Run("the lock goes on", func(t *testing.T) {
		stored, err := o.Intend(ctx, intent(access.Lock, "okta", "ACTIVE"))
		require.NoError(t, err)
		require.Equal(t, "ACTIVE", stored.Before.Word)
		again, err := o.Intend(ctx, intent(access.Lock, "okta", "SUSPENDED"))
		require.NoError(t, err)
		require.Equal(t, "ACTIVE", again.Before.Word, "a retry meets the intent in the spool")
		require.NoError(t, o.Record(ctx, receipt(access.Lock, "okta", noon)))
	})
	t.Run("everything destructive stops", func(t *testing.T) {
		for _, stage := range []access.Stage{access.Revoke, access.Verify, access.Reclaim} {
			_, err := o.Intend(ctx, intent(stage, "okta", "ACTIVE"))
			require.Equal(t, access.Unavailable, access.CodeOf(err))
			require.Equal(t, access.Unavailable, access.CodeOf(o.Record(ctx, receipt(stage, "okta", noon))))
		}
	})
	t.Run("nothing else pretends to be stored, and nothing to be missing", func(t *testing.T) {
		_, err := o.Case(ctx, "event-9")
		require.Equal(t, access.Unavailable, access.CodeOf(err), "an absent store does not prove an absent case")
		_, err = o.Receipts(ctx, "event-1")
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		_, _, err = o.Join(ctx, "event-3", "event-1", access.Request{}, noon)
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.Equal(t, access.Unavailable, access.CodeOf(o.State(ctx, access.Statement{Case: "event-1", ID: "1"})))
		require.Equal(t, access.Unavailable, access.CodeOf(o.Conclude(ctx, plan.Conclusion{Case: "event-1"})))
		require.Equal(t, access.Unavailable, access.CodeOf(o.Flush(ctx)))
	})
	t.Run("the intents in the spool are told, with the trouble", func(t *testing.T) {
		intents, err := o.Intents(ctx, "event-1", "okta")
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.Len(t, intents, 1)
	})
	require.Equal(t, 4, o.Spooled())

	o.up(t)
	t.Run("back again, the spool counts before it is moved", func(t *testing.T) {
		again, err := o.Intend(ctx, intent(access.Lock, "okta", "SUSPENDED"))
		require.NoError(t, err)
		require.Equal(t, "ACTIVE", again.Before.Word)
		_, admitted, err := o.Admit(ctx, ada("event-1", "run-2"))
		require.NoError(t, err)
		require.False(t, admitted)
		intents, err := o.AllIntents(ctx, "event-1")
		require.NoError(t, err)
		require.Len(t, intents, 2)
	})
	t.Run("flushed, all of it is in the store, once", func(t *testing.T) {
		require.NoError(t, o.Flush(ctx))
		require.Zero(t, o.Spooled())
		require.NoError(t, o.Flush(ctx))
		other := open(t, Options{URL: folderURL(o.root)})
		stored, err := other.Case(ctx, "event-1")
		require.NoError(t, err)
		require.True(t, stored.Spooled)
		cases, err := other.Cases(ctx, "E-1")
		require.NoError(t, err)
		require.Len(t, cases, 1)
		receipts, err := other.Receipts(ctx, "event-1")
		require.NoError(t, err)
		require.Len(t, receipts, 1)
	})
}

func TestFlush(t *testing.T) {
	t.Run("a flush that was cut off after the store had the record is finished", func(t *testing.T) {
		o := newOutage(t)
		o.down(t)
		require.NoError(t, o.Record(t.Context(), receipt(access.Lock, "okta", noon)))
		o.up(t)
		names, err := o.Store.spool.list(t.Context(), "")
		require.NoError(t, err)
		data, err := o.Store.spool.read(t.Context(), names[0])
		require.NoError(t, err)
		require.NoError(t, o.blobs.create(t.Context(), names[0], data))
		require.NoError(t, o.Flush(t.Context()))
		require.Zero(t, o.Spooled())
		conflicts, err := o.list(t.Context(), "", "conflicts/", long)
		require.NoError(t, err)
		require.Empty(t, conflicts)
	})
	t.Run("a record that came too late is kept and not believed", func(t *testing.T) {
		o := newOutage(t)
		_, err := o.Intend(t.Context(), intent(access.Lock, "okta", "ACTIVE"))
		require.NoError(t, err)
		o.down(t)
		_, err = o.Intend(t.Context(), intent(access.Lock, "okta", "SUSPENDED"))
		require.NoError(t, err)
		o.up(t)
		stored, err := o.Intend(t.Context(), intent(access.Lock, "okta", "DEPROVISIONED"))
		require.NoError(t, err)
		require.Equal(t, "ACTIVE", stored.Before.Word, "the store's is the true state before")
		require.NoError(t, o.Flush(t.Context()))
		intents, err := o.AllIntents(t.Context(), "event-1")
		require.NoError(t, err)
		require.Len(t, intents, 1)
		require.Equal(t, "ACTIVE", intents[0].Before.Word)
		conflicts, err := o.list(t.Context(), "", "conflicts/", long)
		require.NoError(t, err)
		require.Len(t, conflicts, 1)
	})
	t.Run("opening the store flushes what an earlier process left", func(t *testing.T) {
		o := newOutage(t)
		o.down(t)
		require.NoError(t, o.Record(t.Context(), receipt(access.Lock, "okta", noon)))
		o.up(t)
		require.Zero(t, open(t, Options{URL: folderURL(o.root), Spool: o.spool}).Spooled())
	})
	t.Run("a process that starts while the disk is away does not start a new store", func(t *testing.T) {
		o := newOutage(t)
		_, _, err := o.Admit(t.Context(), ada("event-1", "run-1"))
		require.NoError(t, err)
		o.down(t)
		s := open(t, Options{URL: folderURL(o.root), Spool: o.spool})
		require.NoError(t, s.Record(t.Context(), receipt(access.Lock, "okta", noon)))
		require.Equal(t, 1, s.Spooled())
		o.up(t)
		_, admitted, err := s.Admit(t.Context(), ada("event-1", "run-2"))
		require.NoError(t, err)
		require.False(t, admitted, "the event is remembered")
	})
	t.Run("without a spool nothing waits and nothing is admitted", func(t *testing.T) {
		root := filepath.Join(t.TempDir(), "evidence")
		s := open(t, Options{URL: folderURL(root)})
		require.NoError(t, os.Rename(root, root+"-away"))
		_, _, err := s.Admit(t.Context(), ada("event-1", "run-1"))
		require.Equal(t, access.Unavailable, access.CodeOf(err))
		require.NotContains(t, err.Error(), root)
		require.Zero(t, s.Spooled())
		require.NoError(t, s.Flush(t.Context()))
		require.NoDirExists(t, root)
	})
}

// hanging is a store that answers nothing until it is let go, whatever the context says, as a
// network folder in the kernel does.
type hanging struct {
	blobs
	letGo chan struct{}
}

func (h hanging) create(ctx context.Context, name string, data []byte) error {
	<-h.letGo
	return h.blobs.create(ctx, name, data)
}

func (h hanging) list(ctx context.Context, prefix string) ([]string, error) {
	<-h.letGo
	return h.blobs.list(ctx, prefix)
}

func TestStoreHangs(t *testing.T) {
	o := newOutage(t)
	letGo := make(chan struct{})
	o.blobs = hanging{o.blobs, letGo}
	begun := time.Now()
	for i := range 20 {
		in := intent(access.Lock, "okta", "ACTIVE")
		in.Account.ID = string(rune('a' + i))
		_, err := o.Intend(t.Context(), in)
		require.NoError(t, err)
		_, err = o.Intents(t.Context(), "event-1", "okta")
		require.Equal(t, access.Unavailable, access.CodeOf(err))
	}
	require.Less(t, time.Since(begun), 10*time.Second, "only the first lock waits for a store that hangs")

	t.Run("a caller that has given up leaves nothing in the spool", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		waiting := o.Spooled()
		require.Equal(t, access.Unavailable, access.CodeOf(o.Record(ctx, receipt(access.Lock, "okta", noon))))
		require.Equal(t, waiting, o.Spooled())
	})
	t.Run("what the store does late does no harm", func(t *testing.T) {
		close(letGo)
		require.NoError(t, o.Flush(t.Context()))
		require.Zero(t, o.Spooled())
		intents, err := o.AllIntents(t.Context(), "event-1")
		require.NoError(t, err)
		require.Len(t, intents, 20)
	})
}
