// Package provision keeps a SCIM service in step with a source directory: it
// plays the part that Microsoft Entra plays for Zoho One, with the same
// terms.
//
// A [Job] says what is provisioned where; it is what an administrator saves.
// A [Source] is the directory, the target is a [scim.Client], and a [State]
// remembers what was done. An [Engine] made of the four runs cycles:
//
//  1. Import: the source gives the objects that changed since the last cycle,
//     or all of them.
//  2. Scope: the mapping's scoping filter and accountEnabled decide whether a
//     user is to be active.
//  3. Match: an object that is not linked yet is looked up in the target by
//     the matching attributes, in their order.
//  4. Perform: it is created, or updated by the difference to what was sent
//     last, or not touched when there is none.
//  5. Deprovision: what left the source or its scope is disabled, what was
//     deleted for good is deleted, after both have been counted.
//  6. References: managers and members are set once the objects they refer to
//     have their ids, so that the order of the source does not matter.
//
// Users go through the first five steps, then groups and their memberships,
// then what had to wait for an id.
//
// # What is safe
//
// A source that fails, is empty or ends early disables and deletes no one.
// Disables and deletes are counted before the first one is sent; above the
// job's limit none is. A user that is disabled in the source is never
// created. An account that the engine did not make is not touched unless
// [Job.Adopt] says so. The intent to create is kept before the request is
// sent, so that a lost answer is resolved by a look-up and not by a second
// account.
//
// # Control
//
// [Engine.Run] is the loop: a cycle every 40 minutes until its context ends.
// [Engine.Cycle] runs one. [Engine.ProvisionOnDemand] runs one user through
// the steps and reports each. [TestConnection] probes a service before a job
// is saved.
//
// # What is not there
//
// A failed object is tried again in the next cycle; there is no growing
// delay and no quarantine. [MemoryState] is gone with the process; write a
// [State] to keep it longer. Changes that someone makes in the target are not noticed until the
// object changes in the source.
//
// All exported types are safe for concurrent use unless they say otherwise;
// one engine runs one cycle at a time.
package provision
