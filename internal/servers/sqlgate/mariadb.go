package sqlgate

import (
	"bytes"
	"encoding/binary"
	"errors"
)

// MariaDB is the client protocol of MariaDB without TLS and compression
// (https://mariadb.com/kb/en/clientserver-protocol/).
func MariaDB() Protocol { return &mariadb{} }

type mariadb struct {
	withoutEOF bool   // both ends leave out the packets that end lists
	command    byte   // of the last request
	prepared   string // the last statement prepared
}

const (
	comQuit    = 0x01
	comQuery   = 0x03
	comPing    = 0x0e
	comPrepare = 0x16
	comExecute = 0x17
	comClose   = 0x19

	deprecateEOF = 1 << 24
)

// packet reads one packet: three bytes of length, a number, a payload.
func (*mariadb) packet(w *Wire) ([]byte, error) {
	head, err := exactly(w, 4)
	if err != nil {
		return nil, err
	}
	body, err := exactly(w, int(head[0])|int(head[1])<<8|int(head[2])<<16)
	if err == nil && len(body) == 0 {
		err = errors.New("an empty packet")
	}
	return append(head, body...), err
}

func (p *mariadb) Open(client, server *Wire) error {
	greeting, err := p.packet(server)
	if err != nil {
		return err
	}
	if _, err := client.Conn.Write(greeting); err != nil {
		return err
	}
	answer, err := p.packet(client)
	if err != nil {
		return err
	}
	// After the version: a thread, eight bytes of salt, a filler, capabilities.
	_, rest, _ := bytes.Cut(greeting[5:], []byte{0})
	if len(rest) < 20 || len(answer) < 8 {
		return errors.New("a short handshake")
	}
	offered := uint32(binary.LittleEndian.Uint16(rest[13:])) | uint32(binary.LittleEndian.Uint16(rest[18:]))<<16
	p.withoutEOF = offered&binary.LittleEndian.Uint32(answer[4:])&deprecateEOF != 0
	for {
		if _, err := server.Conn.Write(answer); err != nil {
			return err
		}
		for wanted := false; !wanted; {
			reply, err := p.packet(server)
			if err != nil {
				return err
			}
			if _, err := client.Conn.Write(reply); err != nil {
				return err
			}
			switch reply[4] {
			case 0x00:
				return nil
			case 0xff:
				return errors.New("refused")
			case 0x01: // more of the plugin's own; only 4 wants an answer
				wanted = len(reply) > 5 && reply[5] == 4
			default:
				wanted = true
			}
		}
		if answer, err = p.packet(client); err != nil {
			return err
		}
	}
}

func (p *mariadb) Request(client *Wire) (request []byte, statement string, err error) {
	request, err = p.packet(client)
	if err != nil {
		return nil, "", err
	}
	p.command = request[4]
	switch p.command {
	case comQuery:
		return request, string(request[5:]), nil
	case comPrepare:
		p.prepared = string(request[5:])
		return request, "prepare", nil
	case comExecute:
		return request, p.prepared, nil
	case comQuit, comClose:
		return request, "", nil
	}
	return request, "show", nil
}

func (p *mariadb) Reply(server *Wire) ([]byte, error) {
	first, err := p.packet(server)
	if err != nil {
		return nil, err
	}
	kind := first[4]
	switch {
	case kind == 0xff || p.command == comPing:
		return first, nil
	case p.command == comPrepare:
		columns, parameters := int(binary.LittleEndian.Uint16(first[9:])), int(binary.LittleEndian.Uint16(first[11:]))
		reply, err := p.definitions(server, first, parameters)
		if err != nil {
			return nil, err
		}
		return p.definitions(server, reply, columns)
	case kind == 0x00:
		return first, nil
	}
	columns := int(kind)
	if len(first) > 5 && first[5] == 0 { // the client has kept the definitions
		columns = 0
	}
	reply, err := p.definitions(server, first, columns)
	for err == nil {
		var row []byte
		if row, err = p.packet(server); err != nil {
			return nil, err
		}
		reply = append(reply, row...)
		if row[4] == 0xff || row[4] == 0xfe && len(row) < 1<<16 {
			return reply, nil
		}
	}
	return nil, err
}

// definitions reads the descriptions of n columns or parameters.
func (p *mariadb) definitions(server *Wire, reply []byte, n int) ([]byte, error) {
	if n > 0 && !p.withoutEOF {
		n++
	}
	for range n {
		definition, err := p.packet(server)
		if err != nil {
			return nil, err
		}
		reply = append(reply, definition...)
	}
	return reply, nil
}

func (*mariadb) Refusal(status int, text string) []byte {
	type refusal struct {
		number uint16
		state  string
	}
	r, ok := map[int]refusal{401: {1820, "HY000"}, 403: {1142, "42000"}, 404: {1146, "42S02"}, 409: {1213, "40001"},
		429: {1040, "08004"}, 503: {1053, "08S01"}, 400: {1064, "42000"}}[status]
	if !ok {
		r = refusal{1105, "HY000"}
	}
	body := binary.LittleEndian.AppendUint16([]byte{0xff}, r.number)
	body = append(body, "#"+r.state+text...)
	return append([]byte{byte(len(body)), byte(len(body) >> 8), byte(len(body) >> 16), 1}, body...)
}
