// Package authority issues the certificates of servers that tests start: one
// authority a test, trusted by nobody else.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Authority signs certificates. Its files live as long as the folder it is in.
type Authority struct {
	folder string
	cert   *x509.Certificate
	key    crypto.Signer
}

// New makes an authority that keeps its files in a folder.
func New(t testing.TB, folder string) *Authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := certificate(t, "Test authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	a := &Authority{folder: folder, cert: cert, key: key}
	write(t, a.CAFile(), "CERTIFICATE", der, 0o644)
	return a
}

// CAFile is the certificate by which clients trust this authority.
func (a *Authority) CAFile() string { return filepath.Join(a.folder, "ca.pem") }

// Issue signs a certificate for host names and addresses, and writes it and its
// key to files, named after the first.
func (a *Authority) Issue(t testing.TB, names ...string) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := certificate(t, names[0])
	template.KeyUsage, template.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	certFile, keyFile = filepath.Join(a.folder, names[0]+".pem"), filepath.Join(a.folder, names[0]+".key")
	write(t, certFile, "CERTIFICATE", der, 0o644)
	write(t, keyFile, "PRIVATE KEY", private, 0o600)
	return certFile, keyFile
}

// Certificate issues a certificate for a server in this process.
func (a *Authority) Certificate(t testing.TB, names ...string) *tls.Certificate {
	t.Helper()
	cert, err := tls.LoadX509KeyPair(a.Issue(t, names...))
	require.NoError(t, err)
	return &cert
}

func certificate(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	// Some servers make serials that are negative, which Go refuses to read.
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	require.NoError(t, err)
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
}

func write(t testing.TB, path, kind string, der []byte, mode os.FileMode) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), mode))
}
