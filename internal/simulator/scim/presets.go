package scim

import "net/http"

// Preset is a named set of habits.
type Preset struct {
	Name   string
	Habits Habits
}

// Presets lists every preset. Those named after a product have the habits that
// were observed in it or that its documentation states, as far as Habits can say
// them; the others are named after what is odd about them.
func Presets() []Preset {
	return []Preset{
		{"plain", Plain()},
		{"scimmy", Scimmy()},
		{"better-auth", BetterAuth()},
		{"jackson", Jackson()},
		{"github", GitHub()},
		{"slack", Slack()},
		{"aws-identity-center", AWSIdentityCenter()},
		{"canva", Canva()},
		{"launchdarkly", LaunchDarkly()},
		{"sentry", Sentry()},
		{"entra-shaped", EntraShaped()},
		{"legacy-no-patch", LegacyNoPatch()},
		{"filter-deaf", FilterDeaf()},
		{"old-numbers", OldNumbers()},
		{"string-booleans", StringBooleans()},
		{"soft-deleter", SoftDeleter()},
		{"half-patched", HalfPatched()},
		{"named-ids", NamedIDs()},
	}
}

// Plain follows the standard.
func Plain() Habits { return Habits{GroupsOfUser: true, ETags: true} }

// Scimmy compares user names exactly, finds nothing by what it does not know,
// wants real booleans, and answers a PATCH that changes nothing with 204.
func Scimmy() Habits {
	return Habits{UserNameCase: CaseExact, OtherFilter: FindsNothing, PageSize: 20, Booleans: BooleansOnly,
		GroupsOfUser: true, Unchanged204: true}
}

// BetterAuth refuses filters that it does not know, and a PUT without active
// brings a locked user back.
func BetterAuth() Habits {
	return Habits{OtherFilter: Refused, PutReactivates: true, LockEndsSessions: true}
}

// Jackson keeps user names in lower case, has no ServiceProviderConfig, does not
// find by externalId, stores the string "False", answers a DELETE with the
// resource, and never shows the members of a group.
func Jackson() Habits {
	return Habits{UserNameCase: CaseLower, ExternalIDFilter: FindsNothing, OtherFilter: FindsNothing, MembersFilter: FindsNothing,
		Booleans: StringsStored, DeleteAnswers: http.StatusOK, Members: Never, MemberRemoval: EveryRemoval,
		NoConfig: true, ErrorStatus: StatusAbsent}
}

// GitHub suspends, hides the user name behind a hash while it does, and keeps
// tokens and keys to be revived.
func GitHub() Habits {
	return Habits{OtherFilter: Refused, RenamesOnLock: true, GroupsOfUser: true, LockEndsSessions: true}
}

// Slack answers a DELETE by deactivating.
func Slack() Habits {
	return Habits{DeleteDeactivates: true, DeleteAnswers: http.StatusOK, GroupsOfUser: true, PageSize: 50, MemberRemoval: EveryRemoval}
}

// AWSIdentityCenter filters by equality only, pages by cursor only, shows every
// group as empty, knows by a filter who is in it, and cannot PUT a group.
func AWSIdentityCenter() Habits {
	return Habits{OtherFilter: Refused, CursorPages: true, Members: Never, KnowsMembers: true, NoGroupPut: true}
}

// Canva has no DELETE.
func Canva() Habits { return Habits{DeleteAnswers: http.StatusMethodNotAllowed} }

// LaunchDarkly refuses to deactivate an owner.
func LaunchDarkly() Habits { return Habits{OwnersStay: true, LockEndsSessions: true} }

// Sentry refuses an active that is so already.
func Sentry() Habits { return Habits{RepeatsRefused: true, PatchAnswers: http.StatusNoContent} }

// EntraShaped was built for one client only: active without a path and as a
// string, members as a list of values.
func EntraShaped() Habits {
	return Habits{Patch: NoPathOnly, Booleans: StringsOnly, MemberRemoval: EntraOnly, NoPut: true, NoGroupPut: true,
		PatchAnswers: http.StatusNoContent}
}

// LegacyNoPatch knows PUT only.
func LegacyNoPatch() Habits {
	return Habits{Patch: NoPatch, MemberRemoval: NoGroupPatch, PutReactivates: true, NoConfig: true, HTMLErrors: true, ETags: true}
}

// FilterDeaf ignores every filter, and counts one page where it should count all.
func FilterDeaf() Habits {
	return Habits{UserNameFilter: Ignored, EmailFilter: Ignored, ExternalIDFilter: Ignored, MembersFilter: Ignored,
		OtherFilter: Ignored, PageSize: 2, Totals: PageRows, NoResources: true}
}

// OldNumbers has numbers for ids and for the status of errors.
func OldNumbers() Habits {
	return Habits{IDs: Integers, ErrorStatus: StatusNumber, PatchAnswers: http.StatusNoContent, NoResources: true, Members: NotInList,
		MembersFilter: Refused}
}

// StringBooleans shows active as a string.
func StringBooleans() Habits {
	return Habits{Booleans: StringsAnswers, Patch: NoPathOnly, GroupsOfUser: true}
}

// SoftDeleter keeps what it deletes and hides it.
func SoftDeleter() Habits {
	return Habits{SoftDelete: true, DeleteAnswers: http.StatusOK, LockEndsSessions: true, GroupsOfUser: true}
}

// HalfPatched accepts a PATCH with a path and does nothing.
func HalfPatched() Habits {
	return Habits{Patch: PathIgnored, PatchAnswers: http.StatusNoContent, MembersFilter: FindsNothing}
}

// NamedIDs has user names for ids, and its router knows no PATCH.
func NamedIDs() Habits {
	return Habits{IDs: UserNames, Patch: NoRoute, GroupsOfUser: true}
}
