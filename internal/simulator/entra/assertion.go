package entra

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// signed tells whether the assertion is a JWT of our client, signed with the key of
// the registered certificate: PS256, as the sign-in library does for Entra ID.
func (t *Tenant) signed(assertion string) bool {
	parts := strings.Split(assertion, ".")
	if t.options.Certificate == nil || len(parts) != 3 {
		return false
	}
	key, ok := t.options.Certificate.PublicKey.(*rsa.PublicKey)
	if !ok {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return false
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPSS(key, crypto.SHA256, digest[:], signature, nil); err != nil {
		return false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Issuer  string `json:"iss"`
		Expires int64  `json:"exp"`
	}
	return err == nil && json.Unmarshal(payload, &claims) == nil &&
		claims.Issuer == t.options.ClientID && t.now().Unix() < claims.Expires
}
