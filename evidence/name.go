package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/killsignal/killsignal/access"
)

// longest is how long an id may be inside a name before its end gives way to a digest: file
// systems end at 255 bytes.
const longest = 150

// escape turns any id into one component of a name: different ids give different components,
// none is empty, hidden or longer than a file system takes, and plain ids stay readable.
// Everything but letters, digits, '-', '_' and inner '.' becomes '%' and two hex digits; a
// component cut short ends in '~' and a digest of the id.
func escape(id string) string {
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	switch escaped := b.String(); {
	case escaped == "":
		return "%"
	case len(escaped) > longest:
		return escaped[:longest] + "~" + digest([]byte(id))[:32]
	default:
		return escaped
	}
}

func eventName(event string) string { return "events/" + escape(event) + ".json" }

func subjectPrefix(key string) string { return "subjects/" + escape(key) + "/" }

func casePrefix(caseID string) string { return "cases/" + escape(caseID) + "/" }

// The names below do not nest by system: a folder for each of hundreds of systems would cost a
// sync for each, and writers to one folder share their syncs. A '+' parts what is escaped.

func intentsPrefix(caseID string) string { return casePrefix(caseID) + "intents/" }

func systemIntentsPrefix(caseID, system string) string {
	return intentsPrefix(caseID) + escape(system) + "+"
}

func intentName(intent access.Intent) string {
	return systemIntentsPrefix(intent.Case, intent.Account.System) + escape(string(intent.Stage)) + "+" + path.Base(intent.Key()) + ".json"
}

func receiptsPrefix(caseID string) string { return casePrefix(caseID) + "receipts/" }

// receiptName names a receipt by its time and its content, so that receipts sort by time, none
// takes the place of another, and the same one again is the same record.
func receiptName(receipt access.Receipt, data []byte) string {
	return receiptsPrefix(receipt.Case) + instant(receipt.DoneAt) + "+" + escape(receipt.System) + "+" + digest(data)[:16] + ".json"
}

// instant writes a time so that names sort by it.
func instant(t time.Time) string { return t.UTC().Format("20060102T150405.000000000Z") }

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
