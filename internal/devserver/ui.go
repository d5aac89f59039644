package devserver

import (
	"context"
	"net/http"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// newUI runs the web UI.
func newUI(p *ports, o Options) *server.Server {
	ui := server.NewServer(server_options.WithConfigProvider(&config.Config{
		TemporalGRPCAddress: local(p.frontend),
		Host:                host,
		Port:                p.ui,
		EnableUI:            true,
		DefaultNamespace:    o.Namespace,
		DisableWriteActions: o.UIReadOnly,
		DisableNewsFetch:    true, // nothing leaves loopback
		HideLogs:            true,
		CORS:                config.CORS{CookieInsecure: true}, // loopback is plain HTTP
	}))
	go func() {
		_ = ui.Start() // returns when it is stopped
	}()
	return ui
}

// awaitUI waits until the UI answers.
func awaitUI(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/api/v1/settings", nil)
		if err != nil {
			return failed("reach temporal ui", err)
		}
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return failed("reach temporal ui", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}
