package plan_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/killsignal/killsignal/access"
	"github.com/killsignal/killsignal/plan"
)

func TestSystems(t *testing.T) {
	mixed := plan.Systems{{Name: "okta", IdentityProvider: true}, {Name: "wiki"}, {Name: "crm"},
		{Name: "slow", Slow: true}, {Name: "chat", Settle: time.Second, Stages: []access.Stage{access.Lock, access.Verify}}, {Name: "video"}}
	for _, c := range []struct {
		name    string
		systems plan.Systems
		content string
	}{
		{"none are an empty list", nil, `[]`},
		{"one stands by its name", plan.Systems{{Name: "wiki"}}, `[{"name":"wiki"}]`},
		{"neighbours that are alike share an entry", plan.Systems{{Name: "wiki"}, {Name: "crm"}}, `[{"names":["wiki","crm"]}]`},
		{"others keep their place", mixed, `[{"name":"okta","idp":true},{"names":["wiki","crm"]},{"name":"slow","slow":true},` +
			`{"name":"chat","settle":1000000000,"stages":["lock","verify"]},{"name":"video"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			content, err := json.Marshal(c.systems)
			require.NoError(t, err)
			require.JSONEq(t, c.content, string(content))
			var back plan.Systems
			require.NoError(t, json.Unmarshal(content, &back))
			require.Equal(t, c.systems, back)
		})
	}
	t.Run("three hundred that are read again fit into 4 KB", func(t *testing.T) {
		var fleet plan.Systems
		for i := range 300 {
			fleet = append(fleet, plan.System{Name: fmt.Sprintf("app-%03d", i), Settle: time.Minute, Stages: access.Stages()})
		}
		content, err := json.Marshal(fleet)
		require.NoError(t, err)
		require.Less(t, len(content), 4000)
	})
}
