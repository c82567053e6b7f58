package import NodeDomain
package import NodeEncoding

/// The part of the state that a block works on: records that were read, and what becomes of them.
///
/// Whoever executes asks for records by `get`; what was not read is a `StateMiss`, upon which it is read and the block executed
/// anew. Nothing leaves a block half applied: `changes` are taken when all of it is done.
package struct LedgerState: Sendable {
    /// Accounts by address.
    package var accounts = StateTable<Address, Account> { .account($0) }

    private var ranges: [StateRange: (limit: Int, keys: [StateKey])] = [:]

    /// Nothing was read yet.
    package init() {}

    /// Takes a record that was read; nil: there is none.
    /// - Throws: `ScaleFault` when its bytes are damaged.
    package mutating func load(_ key: StateKey, _ bytes: [UInt8]?) throws(ScaleFault) {
        switch key {
        case .account(let address): accounts.load(address, try Self.record(bytes))
        default: break
        }
    }

    /// Takes the keys of a range that was read, in order; their records are loaded one by one besides.
    package mutating func load(_ range: StateRange, limit: Int, keys: [StateKey]) {
        ranges[range] = (limit, keys)
    }

    /// The first keys of a range as it was before the block.
    /// - Throws: `StateMiss` when it was not read so far.
    package func first(_ limit: Int, of range: StateRange) throws(StateMiss) -> [StateKey] {
        guard let read = ranges[range], read.limit >= limit else {
            throw StateMiss.range(range, limit)
        }
        return Array(read.keys.prefix(limit))
    }

    /// What needs to be read that was not read yet.
    package func missing(_ needs: StateNeeds) -> StateNeeds {
        var missing = StateNeeds()
        missing.keys = needs.keys.filter { !isLoaded($0) }
        missing.ranges = needs.ranges.filter { range, limit in (ranges[range]?.limit ?? 0) < limit }
        return missing
    }

    private func isLoaded(_ key: StateKey) -> Bool {
        switch key {
        case .account(let address): accounts.isLoaded(address)
        default: false
        }
    }

    /// Everything that differs from what was read, in no order.
    package var changes: [StateChange] { accounts.changes }

    private static func record<Record: StateRecord>(_ bytes: [UInt8]?) throws(ScaleFault) -> Record? {
        guard let bytes else { return nil }
        return try Record(bytes: bytes)
    }
}
