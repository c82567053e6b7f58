internal import NodeCrypto

/// Names of places for tasks: only the worker that has the place takes a task for it.
package enum Locality {
    /// The name of a directory on a worker; the same after a restart, and short: each *Take* carries all of them.
    package static func name(machine: String, worker: String, directory: String) -> String {
        let hash = BLAKE3.hash(Array("\(machine)\0\(worker)\0\(directory)".utf8))
        return "plot/" + "\(hash)".prefix(16)
    }
}
