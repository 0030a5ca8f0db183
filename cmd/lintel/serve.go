package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lintel-id/lintel/internal/config"
	"github.com/lintel-id/lintel/internal/server"
	"github.com/lintel-id/lintel/internal/telemetry"
)

// configFlags are --config-file and --config-dir, as each of Keystone's commands has them.
type configFlags struct{ files, dirs []string }

func (f *configFlags) add(cmd *cobra.Command) {
	cmd.PersistentFlags().StringArrayVar(&f.files, "config-file", nil, "configuration file; may repeat, later ones win")
	cmd.PersistentFlags().StringArrayVar(&f.dirs, "config-dir", nil, "folder of *.conf files, read after the files")
}

// load reads the configuration that the flags and the environment name.
func (f *configFlags) load(base ...func(*config.Config)) (*config.Config, error) {
	files, dirs := config.Paths(f.files, f.dirs, os.Getenv)
	cfg, warnings, err := config.Load(files, dirs, base...)
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	return cfg, err
}

// loadUp is load for a data folder of up, where nothing counts but what the flags name.
func (f *configFlags) loadUp(dir string, base ...func(*config.Config)) (*config.Config, error) {
	cfg, warnings, err := config.Load(f.files, f.dirs, append([]func(*config.Config){server.UpDefaults(dir)}, base...)...)
	for _, w := range warnings {
		fmt.Fprintln(os.Stderr, "warning:", w)
	}
	return cfg, err
}

func openLog(cfg *config.Config) (*telemetry.Log, error) {
	d := cfg.Default
	return telemetry.OpenLog(telemetry.LogOptions{
		Debug: d.Debug, File: d.LogFile, Dir: d.LogDir, Program: "lintel", Stderr: d.UseStderr, JSON: d.UseJSON,
		ConfigAppend: d.LogConfigAppend,
	})
}

// reopenOnHangup opens the log files anew at each SIGHUP, which logrotate's scripts send.
func reopenOnHangup(ctx context.Context, log *telemetry.Log) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangup)
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangup:
				if err := log.Reopen(); err != nil {
					log.Error("cannot open the log anew", "error", err)
				}
			}
		}
	}()
}

func serveCommand() *cobra.Command {
	var flags configFlags
	var listen string
	cmd := &cobra.Command{
		Use:   "serve [--config-file FILE]... [--listen ADDR]",
		Short: "Serve the Identity API as keystone.conf says",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := flags.load()
			if err != nil {
				return err
			}
			if listen != "" {
				cfg.Lintel.Listen = listen
			}
			log, err := openLog(cfg)
			if err != nil {
				return err
			}
			defer log.Close()
			reopenOnHangup(cmd.Context(), log)
			l, err := server.Listen(cfg.Lintel.Listen)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), cfg, l, server.Options{Log: log.Logger})
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen on (default: [lintel] listen, 127.0.0.1:5000)")
	return cmd
}

// serve opens a server and serves on l until the context ends. It says where once requests are taken.
func serve(ctx context.Context, cfg *config.Config, l net.Listener, opt server.Options) error {
	s, err := server.Open(ctx, cfg, opt)
	if err != nil {
		l.Close()
		return err
	}
	defer s.Close()
	return s.Serve(ctx, l, func() {
		if at := server.PortalURL(cfg, l); at != "" {
			fmt.Printf("Browsers find the portal on %s\n", at)
		}
		fmt.Printf("Lintel serves Identity v3 on %s/v3\n", server.URL(cfg, l))
	})
}

func upCommand() *cobra.Command {
	var data, listen string
	var flags configFlags
	cmd := &cobra.Command{
		Use:   "up [--data DIR] [--listen ADDR] [--config-file FILE]",
		Short: "Set everything up in one folder and serve",
		Long: `Set everything up in one folder and serve: an SQLite database, keys, the first administrator, and files
that clients log in with. A second start finds all of it and changes nothing.

The administrator's password is random and printed once, with a link to the portal to choose another, unless OS_BOOTSTRAP_PASSWORD is set.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := filepath.Abs(data)
			if err != nil {
				return err
			}
			cfg, err := flags.loadUp(dir)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("listen") || cfg.Lintel.Listen == "" {
				cfg.Lintel.Listen = listen
			}
			log, err := openUpLog(cfg)
			if err != nil {
				return err
			}
			defer log.Close()
			reopenOnHangup(cmd.Context(), log)
			l, err := server.Listen(cfg.Lintel.Listen)
			if err != nil {
				return err
			}
			if cfg.Default.PublicEndpoint == "" && server.Loopback(l) {
				cfg.Default.PublicEndpoint = server.URL(cfg, l) // nobody can reach it by another name
			}
			opt := server.Options{Log: log.Logger}
			made, err := server.Up(cmd.Context(), cfg, dir, server.URL(cfg, l), os.Getenv("OS_BOOTSTRAP_PASSWORD"), opt)
			if err != nil {
				l.Close()
				return err
			}
			if made.Password != "" {
				fmt.Printf("The administrator is \"admin\" with the password %s\n", made.Password)
				fmt.Printf("It is shown once; %s and clouds.yaml beside it hold it for the openstack command.\n", filepath.Join(dir, "admin-openrc.sh"))
				if at := server.PortalURL(cfg, l); at != "" {
					fmt.Printf("To choose a password of your own in the portal, which those files then lack, open this link within a quarter of an hour. It works once:\n%s%s\n", at, made.Page)
				}
			}
			return serve(cmd.Context(), cfg, l, opt)
		},
	}
	cmd.Flags().StringVar(&data, "data", "lintel-data", "folder that holds everything")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:5000", "address to listen on")
	flags.add(cmd)
	return cmd
}

// openUpLog keeps the terminal free for what up itself says: without a log file it shows warnings and errors only.
func openUpLog(cfg *config.Config) (*telemetry.Log, error) {
	if d := cfg.Default; d.LogFile != "" || d.LogDir != "" || d.UseStderr || d.Debug || d.LogConfigAppend != "" {
		return openLog(cfg)
	}
	return telemetry.OpenLog(telemetry.LogOptions{Stderr: true, Quiet: true})
}
