package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// digestOf is the digest of what a document says. JSON sorts the keys.
func digestOf(document ast.Node) string {
	var content any
	if err := yaml.NodeToValue(document, &content); err != nil {
		return digest([]byte(document.String()))
	}
	canonical, err := json.Marshal(content)
	if err != nil {
		return digest([]byte(document.String()))
	}
	return digest(canonical)
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
