package scim

// Habits are what sets one application apart from the standard and from its
// neighbours. The zero value is an application that does all as RFC 7643 and
// RFC 7644 have it, as [Plain] is.
type Habits struct {
	IDs IDs

	// Looking up.
	UserNameCase     Case      // how the userName filter treats case
	UserNameFilter   Filtering // what becomes of a filter on userName
	EmailFilter      Filtering // … on emails.value
	ExternalIDFilter Filtering // … on externalId
	MembersFilter    Filtering // … on members.value of groups
	OtherFilter      Filtering // … on any other attribute, and on what cannot be parsed
	PageSize         int       // the most rows on a page; 0 is 100
	NoResources      bool      // an empty list leaves Resources out
	Totals           Totals
	CursorPages      bool // pages by cursor only (RFC 9865); startIndex is ignored

	// Deactivating.
	Patch             Patch
	Booleans          Booleans
	PatchAnswers      int  // 200 with the resource, or 204; 0 is 200
	Unchanged204      bool // 204 when a PATCH of a user or a group changed nothing
	NoPut             bool // 405
	PutReactivates    bool // a PUT without active makes it true
	NoDeactivation    bool // active is no attribute here: never shown, ignored when sent
	RepeatsRefused    bool // 400 for an active that is so already
	OwnersStay        bool // 400 for the deactivation of an owner
	LockEndsSessions  bool // active=false ends open sessions
	KeysOutliveLock   bool // API keys of an inactive user go on working
	RenamesOnLock     bool // the user name becomes a hash while locked
	DeleteAnswers     int  // 204, 200 with the resource, or 405; 0 is 204
	SoftDelete        bool // a deleted user is kept: 404 to every request, still known inside
	DeleteDeactivates bool // a DELETE deactivates, and the user stays to be seen

	// Groups.
	NoGroups      bool // 404 for the whole resource
	GroupsOfUser  bool // users show their groups
	Members       Members
	MemberRemoval MemberRemoval
	NoGroupPut    bool // 405
	KnowsMembers  bool // 404 for a filter on a member that does not exist

	// The rest.
	NoConfig    bool // no ServiceProviderConfig: 404
	ETags       bool // meta.version, and If-Match is heeded
	ErrorStatus ErrorStatus
	HTMLErrors  bool // errors are pages
}

// Case is how a filter on userName treats upper and lower case.
type Case string

// The cases. The standard has them equal.
const (
	CaseEqual Case = ""
	CaseExact Case = "exact"
	CaseLower Case = "lower" // user names are kept in lower case and compared exactly
)

// Filtering is what becomes of a filter.
type Filtering string

// The ways of filtering.
const (
	Answered     Filtering = ""
	FindsNothing Filtering = "finds-nothing" // 200 and no rows
	Refused      Filtering = "refused"       // 400 invalidFilter
	Ignored      Filtering = "ignored"       // everybody
)

// IDs is what the application makes ids of.
type IDs string

// The kinds of ids.
const (
	UUIDs     IDs = ""
	Integers  IDs = "integers" // numbers in JSON too
	UserNames IDs = "user-names"
)

// Totals is what totalResults counts.
type Totals string

// The kinds of totals.
const (
	AllRows  Totals = ""
	PageRows Totals = "page"  // the rows of this page
	Ghosts   Totals = "ghost" // all rows, and the rows never come
)

// Patch is which PATCH of a user an application takes.
type Patch string

// The kinds of PATCH.
const (
	EveryForm   Patch = ""
	NoPathOnly  Patch = "no-path-only" // an operation with a path is refused
	PathOnly    Patch = "path-only"
	PathIgnored Patch = "path-ignored" // an operation with a path is accepted and does nothing
	AllIgnored  Patch = "all-ignored"  // so is every other
	NoPatch     Patch = "none"         // 501
	NoRoute     Patch = "no-route"     // 404, as a router says that has no such route
)

// Booleans is how an application writes and reads active.
type Booleans string

// The kinds of booleans.
const (
	Lenient        Booleans = ""                // takes true and "True", shows true
	BooleansOnly   Booleans = "booleans-only"   // 400 for a string
	StringsOnly    Booleans = "strings-only"    // 400 for a boolean
	StringsStored  Booleans = "strings-stored"  // takes both and shows what it was given
	StringsAnswers Booleans = "strings-answers" // takes both, shows "True"
)

// Members is how groups show their members.
type Members string

// The ways of showing members.
const (
	Shown     Members = ""
	NotInList Members = "not-in-list" // only a GET of the one group shows them
	Never     Members = "never"       // members is always empty
	Omitted   Members = "omitted"     // members is always absent
)

// MemberRemoval is which removal of one member an application takes.
type MemberRemoval string

// The kinds of removal.
const (
	ValuePath    MemberRemoval = ""           // members[value eq "…"]; a removal of members removes all of them
	EveryRemoval MemberRemoval = "every"      // that, and a list of values at the path members
	EntraOnly    MemberRemoval = "entra-only" // only a list of values at the path members
	NoGroupPatch MemberRemoval = "none"       // 501
	RefusedBare  MemberRemoval = "refused"    // 400 without a scimType
	NothingHeard MemberRemoval = "nothing"    // accepted, and does nothing
)

// ErrorStatus is how errors write their status.
type ErrorStatus string

// The ways of writing it.
const (
	StatusString ErrorStatus = ""
	StatusNumber ErrorStatus = "number"
	StatusAbsent ErrorStatus = "absent"
)
