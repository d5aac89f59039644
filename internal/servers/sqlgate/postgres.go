package sqlgate

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Postgres is PostgreSQL's protocol 3 without TLS
// (https://www.postgresql.org/docs/current/protocol-message-formats.html).
func Postgres() Protocol { return postgres{} }

type postgres struct{}

const (
	cancelRequest = 80877102
	sslRequest    = 80877103
)

func (p postgres) Open(client, server *Wire) error {
	for {
		head, err := exactly(client, 8)
		if err != nil {
			return err
		}
		body, err := exactly(client, int(binary.BigEndian.Uint32(head))-8)
		if err != nil {
			return err
		}
		code := binary.BigEndian.Uint32(head[4:])
		if code == sslRequest {
			if _, err := client.Conn.Write([]byte("N")); err != nil {
				return err
			}
			continue
		}
		if _, err := server.Conn.Write(append(head, body...)); err != nil {
			return err
		}
		if code == cancelRequest {
			return io.EOF
		}
		return p.signIn(client, server)
	}
}

// signIn carries the authentication until the server is ready.
func (p postgres) signIn(client, server *Wire) error {
	for {
		message, err := p.message(server)
		if err != nil {
			return err
		}
		if _, err := client.Conn.Write(message); err != nil {
			return err
		}
		switch {
		case message[0] == 'Z':
			return nil
		case message[0] == 'R':
			switch binary.BigEndian.Uint32(message[5:]) {
			case 3, 5, 10, 11: // password, MD5, SASL and its continuation want an answer
				answer, err := p.message(client)
				if err != nil {
					return err
				}
				if _, err := server.Conn.Write(answer); err != nil {
					return err
				}
			}
		}
	}
}

// message reads one message: a type, a length and a body.
func (postgres) message(w *Wire) ([]byte, error) {
	head, err := exactly(w, 5)
	if err != nil {
		return nil, err
	}
	body, err := exactly(w, int(binary.BigEndian.Uint32(head[1:]))-4)
	return append(head, body...), err
}

func (p postgres) Request(client *Wire) (request []byte, statement string, err error) {
	for {
		message, err := p.message(client)
		if err != nil {
			return nil, "", err
		}
		request = append(request, message...)
		switch message[0] {
		case 'P': // the name of the statement, the statement, its types
			_, rest, _ := bytes.Cut(message[5:], []byte{0})
			text, _, _ := bytes.Cut(rest, []byte{0})
			statement = string(text)
		case 'Q':
			text, _, _ := bytes.Cut(message[5:], []byte{0})
			return request, string(text), nil
		case 'S':
			return request, statement, nil
		case 'X':
			return request, "", nil
		}
	}
}

func (p postgres) Reply(server *Wire) (reply []byte, err error) {
	for {
		message, err := p.message(server)
		if err != nil {
			return nil, err
		}
		reply = append(reply, message...)
		if message[0] == 'Z' {
			return reply, nil
		}
	}
}

func (postgres) Refusal(status int, text string) []byte {
	states := map[int]string{401: "28000", 403: "42501", 404: "42P01", 409: "40001", 429: "53300", 503: "57P03", 400: "42601"}
	state, ok := states[status]
	if !ok {
		state = "XX000"
	}
	fields := "SERROR\x00VERROR\x00C" + state + "\x00M" + text + "\x00\x00"
	refusal := binary.BigEndian.AppendUint32([]byte{'E'}, uint32(len(fields)+4))
	refusal = append(refusal, fields...)
	return append(refusal, 'Z', 0, 0, 0, 5, 'E')
}
