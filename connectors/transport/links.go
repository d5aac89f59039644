package transport

import (
	"net/http"
	"strings"
)

// unfoldLinks gives each link a header line of its own, as SDKs expect. A proxy
// may fold them into one, which sends Okta's SDK round page 1 for ever. It returns
// false when one cannot be read: a listing would end before its end.
func unfoldLinks(h http.Header) bool {
	var links []string
	for _, line := range h.Values("Link") {
		for part := range strings.SplitSeq(line, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			if len(links) > 0 && !strings.HasPrefix(part, "<") {
				links[len(links)-1] += "," + part // a comma inside a URL or a parameter
				continue
			}
			links = append(links, part)
		}
	}
	h.Del("Link")
	for _, link := range links {
		if !strings.HasPrefix(link, "<") || !strings.Contains(link, ">") {
			return false
		}
		h.Add("Link", link)
	}
	return true
}
