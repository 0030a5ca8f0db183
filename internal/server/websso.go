package server

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/httpapi"
)

//go:embed sso_callback_template.html
var ssoPage string

// webSSO reads the page that hands tokens to dashboards. Where the option is left alone and there is no such file, there is
// a page built in.
func webSSO(cfg *config.Config) (*httpapi.WebSSO, error) {
	path, page := cfg.Federation.SSOCallbackTemplate, ssoPage
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		page = string(text)
	case path != config.Default().Federation.SSOCallbackTemplate || !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("[federation] sso_callback_template: %w", err)
	}
	s, err := httpapi.NewWebSSO(cfg.Federation.TrustedDashboard, page)
	if err != nil {
		return nil, fmt.Errorf("[federation] sso_callback_template %s: %w", path, err)
	}
	return s, nil
}
