package activedirectory

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/go-ldap/ldap/v3"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/connectors/internal/directory"
)

// scrambleTime is what the scrambling may take. It never keeps the account from
// being disabled.
const scrambleTime = 2 * time.Second

// Lock scrambles the password twice, since a domain goes on accepting the last one
// before for a while, and then disables the account. Expiry is left alone. An
// account that is disabled already keeps its password: it cannot be used.
//
// A password that could not be scrambled is an error also when the account is
// disabled: it would be revived with it.
func (c *Connector) Lock(ctx context.Context, ref access.AccountRef) error {
	const op = "lock"
	s := c.client.Session()
	defer s.Close()
	r, err := c.fetch(ctx, s, op, ref.ID, nil)
	switch {
	case access.CodeOf(err) == access.NotFound:
		return nil
	case err != nil:
		return err
	case r.status() == access.Locked:
		return nil
	}
	scrambled := c.scramble(ctx, s, r)
	if ctx.Err() != nil {
		return scrambled
	}
	if err := c.setDisabled(ctx, s, op, r, true); err != nil {
		return err
	}
	return scrambled
}

// scramble sets two passwords that nobody knows, ourselves included. One attempt
// may fail or be lost.
func (c *Connector) scramble(ctx context.Context, s *directory.Session, r row) error {
	const op = "scramble password"
	ctx, cancel := context.WithTimeout(ctx, scrambleTime)
	defer cancel()
	var err error
	for set, attempt := 0, 1; set < 2 && attempt <= 3; attempt++ {
		request := ldap.NewModifyRequest(byGUID(r.id), nil)
		request.Replace("unicodePwd", []string{randomPassword()})
		if err = s.Modify(ctx, directory.Operation{Op: op, Target: r.id}, request); err == nil {
			set++
		} else if ctx.Err() != nil || !access.CodeOf(err).Transient() {
			break
		}
	}
	if access.CodeOf(err) == access.NotFound {
		return nil
	}
	return c.failed(op, c.guarded(r, err), resetPasswords)
}

// randomPassword is a new password as unicodePwd takes it (MS-ADTS 3.1.1.3.1.5.1):
// quoted, in UTF-16. It has all sorts of characters, for the sake of policies, and
// 260 bits of chance.
func randomPassword() string {
	quoted := `"aA1!` + rand.Text() + rand.Text() + `"`
	var b []byte
	for _, unit := range utf16.Encode([]rune(quoted)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

// setDisabled sets or clears the bit by compare-and-set, so that a change that
// somebody else makes to userAccountControl at the same time is not undone.
func (c *Connector) setDisabled(ctx context.Context, s *directory.Session, op string, r row, disabled bool) error {
	var err error
	for range 3 {
		control := r.control &^ accountDisable
		if disabled {
			control |= accountDisable
		}
		if control == r.control {
			return nil
		}
		request := ldap.NewModifyRequest(byGUID(r.id), nil)
		request.Delete(attributeControl, []string{strconv.Itoa(r.control)})
		request.Add(attributeControl, []string{strconv.Itoa(control)})
		err = s.Modify(ctx, directory.Operation{Op: op, Target: r.id}, request)
		if access.CodeOf(err) != access.NotConverged {
			break
		}
		fresh, readErr := c.fetch(ctx, s, op, r.id, nil)
		if readErr != nil {
			err = readErr
			break
		}
		r = fresh
	}
	if disabled && access.CodeOf(err) == access.NotFound {
		return nil // deleted meanwhile
	}
	return c.failed(op, c.guarded(r, err), writeControl)
}

// guarded says why a request about an administrator may be denied: AdminSDHolder
// takes delegated rights away from such accounts every hour.
func (c *Connector) guarded(r row, err error) error {
	if access.CodeOf(err) != access.Denied || r.GetAttributeValue("adminCount") != "1" {
		return err
	}
	e := *access.AsError(err, "")
	e.Hint = "the account is or was an administrator's, and AdminSDHolder keeps delegated rights off it: grant them on AdminSDHolder, or do it as a domain administrator"
	return &e
}

// Unlock enables the account again. Its password stays scrambled.
func (c *Connector) Unlock(ctx context.Context, before access.AccountState) error {
	const op = "unlock"
	if before.Status != access.Active {
		return nil
	}
	s := c.client.Session()
	defer s.Close()
	r, err := c.fetch(ctx, s, op, before.Ref.ID, nil)
	if err != nil {
		return err
	}
	return c.setDisabled(ctx, s, op, r, false)
}
