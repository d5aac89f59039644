package plan

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Systems are the systems of a case, in their order. In JSON, neighbours that
// differ in nothing but their names share one entry, so that hundreds of like
// applications stay small in a workflow's history.
type Systems []System

// entry is one system, or several neighbours with what they have in common.
type entry struct {
	Name  string   `json:"name,omitempty"` // hides that of System
	Names []string `json:"names,omitempty"`
	System
}

// MarshalJSON groups neighbours.
func (s Systems) MarshalJSON() ([]byte, error) {
	entries := []entry{}
	for _, system := range s {
		name := system.Name
		system.Name = ""
		last := len(entries) - 1
		if last < 0 || !reflect.DeepEqual(entries[last].System, system) {
			entries = append(entries, entry{Name: name, System: system})
			continue
		}
		if e := &entries[last]; e.Name != "" {
			e.Names, e.Name = []string{e.Name}, ""
		}
		entries[last].Names = append(entries[last].Names, name)
	}
	return json.Marshal(entries)
}

// UnmarshalJSON takes the groups apart.
func (s *Systems) UnmarshalJSON(content []byte) error {
	var entries []entry
	if err := json.Unmarshal(content, &entries); err != nil {
		return fmt.Errorf("read systems: %w", err)
	}
	*s = nil
	for _, e := range entries {
		names := e.Names
		if e.Name != "" {
			names = []string{e.Name}
		}
		for _, name := range names {
			system := e.System
			system.Name = name
			*s = append(*s, system)
		}
	}
	return nil
}
