package house

import "runtime/debug"

// release is the version that is being worked on.
const release = "0.1.0"

// Version is the version of this program: of its module when it was installed as
// one, else of the release, with the commit that it was built from when that is
// known.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return release
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return release + "+" + setting.Value
		}
	}
	return release
}
