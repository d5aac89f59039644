package entraid

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
)

var (
	bearerPattern = regexp.MustCompile(`(?i)^Bearer\s`)
	claimsPattern = regexp.MustCompile(`"([^"]*)"`)
)

// answerable tells whether a response is a challenge for a new token that the SDK
// can answer: continuous access evaluation wants one with certain claims. The SDK
// panics on a challenge whose claims are not quoted and fails obscurely on others
// that are malformed, so those go the way of every other 401.
// https://learn.microsoft.com/entra/identity-platform/claims-challenge
func answerable(resp *http.Response) bool {
	challenge := resp.Header.Get("WWW-Authenticate")
	if resp.StatusCode != http.StatusUnauthorized || !bearerPattern.MatchString(challenge) {
		return false
	}
	// This reads the header as the SDK does, comma by comma: what the two would
	// read differently is not answerable.
	for parameter := range strings.SplitSeq(bearerPattern.ReplaceAllString(challenge, ""), ",") {
		if !strings.HasPrefix(strings.Trim(parameter, " "), "claims") {
			continue
		}
		quoted := claimsPattern.FindStringSubmatch(parameter)
		if quoted == nil {
			return false
		}
		claims, err := base64.StdEncoding.DecodeString(quoted[1])
		return err == nil && json.Valid(claims)
	}
	return false
}
