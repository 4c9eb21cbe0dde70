// Package provision keeps a SCIM service in step with a source directory: it
// plays the part that Microsoft Entra plays for Zoho One, with the same
// terms.
//
// A [Job] says what is provisioned where; it is what an administrator saves.
// A [Source] is the directory, the target is a [scim.Client], and a [State]
// remembers what was done. An [Engine] made of the four runs cycles:
//
//	engine, err := provision.New(job, source, client, state, nil)
//	…
//	err = engine.Run(ctx) // a cycle every 40 minutes
//
// # A cycle
//
//  1. Import: the source gives the objects that changed since the last cycle,
//     or all of them.
//  2. Scope: the mapping's scoping filter and accountEnabled decide whether a
//     user is to be active.
//  3. Match: an object that is not linked yet is looked up in the target by
//     the matching attributes, in their order. In a first cycle into an empty
//     target that is left out.
//  4. Perform: it is created, or updated by the difference to what was sent
//     last, or not touched when there is none.
//  5. Deprovision: what left the source or its scope is disabled, what was
//     deleted for good is deleted, after all of them have been counted.
//  6. References: managers and members are set once the objects they refer to
//     have their ids, in this cycle or a later one, so that the order of the
//     source does not matter.
//
// Users go through the first five steps, then groups and their memberships,
// then what had to wait for an id. Several objects are in work at once, what
// is done to one object is done in turn. A changed mapping makes the next
// cycle a full one, with all links kept. Objects are streamed: memory holds
// those in work, and 8 bytes for each object of a full read.
//
// # What is safe
//
// A source that fails, is empty or ends early disables and deletes no one.
// An object that is missing in a full read is disabled, never deleted.
// Disables and deletes are counted before the first one is sent; above the
// job's limit none is, they are listed by [Engine.Staged], and the job waits
// for [Engine.AllowDeletes] or [Engine.RejectDeletes]. A user that is
// disabled in the source is never created. An account that the engine did
// not make is not touched unless [Job.Adopt] says so.
//
// A process that dies at any instant loses and doubles nothing. That a
// request may be sent is written before it is sent; what became of it is then
// found out by a look-up, and not by sending it again. This needs a target
// that enforces unique matching values, or whose look-ups see what was just
// written. All rows of a step are one transaction of the [State], and a lease
// keeps two processes from working on one job.
//
// # What fails
//
// An object that fails is kept in escrow and tried again 6, 12 and 24 hours
// later, then once a day for 28 days, or at once when it changes; what a
// service out of order is to blame for is also tried in the next cycle. The
// watermark moves on meanwhile. Too many failing objects, a refused
// credential, a service that fails at everything and too many deletes put the
// job into quarantine, with the reasons and thresholds of Microsoft Entra
// ([Reason], [Thresholds]): its cycles become rare, and after 28 days it is
// disabled. Each [Code] has a sentence on what to do, [Code.Advice].
//
// # Control
//
// [Engine.Run] is the loop, [Engine.Cycle] runs one cycle, [Engine.Plan] says
// what one would do. [Engine.Pause], [Engine.Resume] and [Engine.Restart] are
// written into the state: they hold in all processes, and after a restart of
// them. [Engine.ProvisionOnDemand] runs one object through the steps and
// reports each, also beside a cycle. [Engine.Status] has the shape of
// Microsoft Graph's synchronizationStatus. [TestConnection] probes a service
// before a job is saved.
//
// # Seeing
//
// An [Observer] is told of each [Event]: [Log] writes the provisioning log of
// Microsoft Graph as lines of JSON, [Progress] shows how far a cycle is,
// [HTMLReport] makes a page of a cycle that a person can read. Errors and
// reports name objects by their keys and never hold an attribute value; a log
// and a page have the values that were asked for by path.
//
// # State
//
// [MemoryState] is gone with the process. The tables of a sqlstore.KV are a
// State in SQLite or PostgreSQL. The attributes that were sent are in it, as
// are objects in escrow: it is to be kept as safe as the directory.
//
// # What is not there
//
// Changes that someone makes in the target are not noticed until the object
// changes in the source, unless [Job.Reconcile] is set. Members of groups in
// the target are never read. A group that leaves a full read is left alone.
// Requests are sent one by one and not in bulk.
//
// All exported types are safe for concurrent use unless they say otherwise;
// one engine runs one cycle at a time.
package provision
