package activedirectory

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
)

var guidPattern = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// isGUID tells whether s may become part of a request.
func isGUID(s string) bool { return guidPattern.MatchString(s) }

// byGUID is the name of whatever has the id, wherever it is.
func byGUID(id string) string { return "<GUID=" + id + ">" }

// guid is the text of an objectGUID, whose first three parts are little-endian
// (MS-DTYP 2.3.4), or "".
func guid(b []byte) string {
	if len(b) != 16 {
		return ""
	}
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint16(b[4:]),
		binary.LittleEndian.Uint16(b[6:]), b[8:10], b[10:])
}

// guidBytes is what an objectGUID holds for the text of one.
func guidBytes(id string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		return ""
	}
	return string([]byte{b[3], b[2], b[1], b[0], b[5], b[4], b[7], b[6]}) + string(b[8:])
}

// sid is the text of a security identifier (MS-DTYP 2.4.2), or "".
func sid(b []byte) string {
	if len(b) < 8 || len(b) != 8+4*int(b[1]) {
		return ""
	}
	authority := uint64(binary.BigEndian.Uint16(b[2:]))<<32 | uint64(binary.BigEndian.Uint32(b[4:]))
	text := fmt.Sprintf("S-%d-%d", b[0], authority)
	for rest := b[8:]; len(rest) > 0; rest = rest[4:] {
		text += fmt.Sprintf("-%d", binary.LittleEndian.Uint32(rest))
	}
	return text
}
