package ldapgate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"unicode/utf16"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// message is one LDAP message (RFC 4511 4.1.1).
type message struct {
	raw []byte
	id  int64
	op  *ber.Packet
}

// maxMessage caps a message.
const maxMessage = 16 << 20

// read reads one message off the wire.
func read(r *bufio.Reader) (message, error) {
	head, err := r.Peek(2)
	if err != nil {
		return message{}, err
	}
	size, start := int(head[1]), 2
	if head[1]&0x80 != 0 {
		start += int(head[1] & 0x7f)
		if start > 6 {
			return message{}, errors.New("the length of a message cannot be read")
		}
		long, err := r.Peek(start)
		if err != nil {
			return message{}, err
		}
		size = int(binary.BigEndian.Uint32(append(make([]byte, 6-start), long[2:]...)))
	}
	if size > maxMessage {
		return message{}, errors.New("a message is too long")
	}
	m := message{raw: make([]byte, start+size)}
	if _, err := io.ReadFull(r, m.raw); err != nil {
		return message{}, err
	}
	packet, err := ber.DecodePacketErr(m.raw)
	if err != nil || len(packet.Children) < 2 {
		return message{}, fmt.Errorf("not a message: %w", err)
	}
	m.id, _ = packet.Children[0].Value.(int64)
	m.op = packet.Children[1]
	return m, nil
}

// whole tells whether bytes are messages from the first to the last.
func whole(content []byte) bool {
	for r := bufio.NewReader(bytes.NewReader(content)); ; {
		if _, err := r.Peek(1); err != nil {
			return len(content) > 0
		}
		if _, err := read(r); err != nil {
			return false
		}
	}
}

// silent tells whether nobody answers the request.
func (m message) silent() bool {
	return m.op.Tag == ldap.ApplicationUnbindRequest || m.op.Tag == ldap.ApplicationAbandonRequest
}

// ends tells whether the reply is the last one to the request.
func (m message) ends(request message) bool {
	return m.id == request.id && m.op.Tag != ldap.ApplicationSearchResultEntry && m.op.Tag != ldap.ApplicationSearchResultReference &&
		m.op.Tag != ldap.ApplicationIntermediateResponse
}

// http is the request as the Injector sees it. What proves who asks stands in
// Authorization, and so does a new password, so that tests can look for both.
func (m message) http(ctx context.Context) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if len(m.op.Children) > 0 {
		r.URL.Path += text(m.op.Children[0])
	}
	switch m.op.Tag {
	case ldap.ApplicationBindRequest:
		r.Method, r.URL.Path = http.MethodPost, "/token"
		if len(m.op.Children) == 3 {
			r.Header.Set("Authorization", "Simple "+text(m.op.Children[2]))
		}
	case ldap.ApplicationSearchRequest:
		if filter, err := ldap.DecompileFilter(m.op.Children[6]); err == nil {
			r.URL.RawQuery = url.Values{"filter": {filter}}.Encode()
		}
	case ldap.ApplicationModifyRequest:
		r.Method = http.MethodPatch
		if password := newPassword(m.op); password != "" {
			r.Header.Set("Authorization", "Password "+password)
		}
	case ldap.ApplicationAddRequest:
		r.Method = http.MethodPut
	case ldap.ApplicationDelRequest:
		r.Method, r.URL.Path = http.MethodDelete, "/"+text(m.op)
	case ldap.ApplicationModifyDNRequest:
		r.Method = "MOVE"
	case ldap.ApplicationExtendedRequest:
		r.Method = http.MethodPost
		if password := extendedPassword(m.op); password != "" {
			r.Header.Set("Authorization", "Password "+password)
		}
	}
	return r
}

// newPassword is the password that a modify sets, or "".
func newPassword(op *ber.Packet) string {
	if len(op.Children) < 2 {
		return ""
	}
	for _, change := range op.Children[1].Children {
		if len(change.Children) != 2 || len(change.Children[1].Children) != 2 || len(change.Children[1].Children[1].Children) == 0 {
			continue
		}
		value := change.Children[1].Children[1].Children[0].Data.Bytes()
		switch text(change.Children[1].Children[0]) {
		case "userPassword":
			return string(value)
		case "unicodePwd":
			var units []uint16
			for ; len(value) >= 2; value = value[2:] {
				units = append(units, binary.LittleEndian.Uint16(value))
			}
			return string(utf16.Decode(units))
		}
	}
	return ""
}

// extendedPassword is the password that the extended operation of RFC 3062 sets, or "".
func extendedPassword(op *ber.Packet) string {
	if len(op.Children) < 2 {
		return ""
	}
	fields, err := ber.DecodePacketErr(op.Children[1].Data.Bytes())
	if err != nil {
		return ""
	}
	for _, field := range fields.Children {
		if field.Tag == 2 { // newPasswd
			return text(field)
		}
	}
	return ""
}

func text(p *ber.Packet) string { return p.Data.String() }

// refusal is the answer that stands for an HTTP status.
func (m message) refusal(status int, diagnostic string) []byte {
	code, known := map[int]uint16{
		http.StatusUnauthorized:       ldap.LDAPResultInvalidCredentials,
		http.StatusForbidden:          ldap.LDAPResultInsufficientAccessRights,
		http.StatusNotFound:           ldap.LDAPResultNoSuchObject,
		http.StatusConflict:           ldap.LDAPResultNoSuchAttribute,
		http.StatusTooManyRequests:    ldap.LDAPResultBusy,
		http.StatusServiceUnavailable: ldap.LDAPResultUnavailable,
	}[status]
	if !known {
		code = ldap.LDAPResultOther
	}
	tag := m.op.Tag + 1
	if m.op.Tag == ldap.ApplicationSearchRequest {
		tag = ldap.ApplicationSearchResultDone
	}
	result := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	result.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, int64(code), ""))
	result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	result.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, diagnostic, ""))
	whole := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	whole.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, m.id, ""))
	whole.AppendChild(result)
	return whole.Bytes()
}

// answer is what the Injector lets through.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
