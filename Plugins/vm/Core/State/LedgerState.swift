package import NodeDomain
package import NodeEncoding

/// The part of the state that a block works on: records that were read, and what becomes of them.
///
/// Whoever executes asks for records by `get`; what was not read is a `StateMiss`, upon which it is read and the block executed
/// anew. Nothing leaves a block half applied: `changes` are taken when all of it is done.
package struct LedgerState: Sendable {
    /// Accounts by address.
    package var accounts = StateTable<Address, Account> { .account($0) }
    /// Plots by identity.
    package var plots = StateTable<Bytes32, PlotRecord> { .plot($0) }
    /// Rows by epoch and plot.
    package var rows = StateTable<EpochKey, RowRecord> { .row(epoch: $0.epoch, plot: $0.id) }
    /// Operators by consensus key.
    package var operators = StateTable<Bytes32, OperatorRecord> { .operator($0) }
    /// Epochs by number.
    package var epochs = StateTable<UInt32, EpochRecord> { .epoch($0) }
    /// Committees by term.
    package var seats = StateTable<UInt32, SeatsRecord> { .seats(term: $0) }
    /// Where the chain stands; there is one.
    package var pot = StateTable<OnlyKey, PotRecord> { _ in .pot }
    /// Units of voting rows by epoch and operator.
    package var tallies = StateTable<EpochKey, TallyRecord> { .tally(epoch: $0.epoch, operator: $0.id) }
    /// Voting sets by epoch.
    package var frozen = StateTable<UInt32, FrozenRecord> { .frozen(epoch: $0) }
    /// Lapsed plots by the epoch in which they are dropped.
    package var expiries = StateTable<EpochKey, ExpiryRecord> { .expiry(epoch: $0.epoch, plot: $0.id) }

    private var ranges: [StateRange: (limit: Int, keys: [StateKey])] = [:]

    /// Nothing was read yet.
    package init() {}

    /// Takes a record that was read; nil: there is none.
    /// - Throws: `ScaleFault` when its bytes are damaged.
    package mutating func load(_ key: StateKey, _ bytes: [UInt8]?) throws(ScaleFault) {
        switch key {
        case .account(let address): accounts.load(address, try Self.record(bytes))
        case .plot(let id): plots.load(id, try Self.record(bytes))
        case .row(let epoch, let plot): rows.load(EpochKey(epoch, plot), try Self.record(bytes))
        case .operator(let key): operators.load(key, try Self.record(bytes))
        case .epoch(let number): epochs.load(number, try Self.record(bytes))
        case .seats(let term): seats.load(term, try Self.record(bytes))
        case .pot: pot.load(.only, try Self.record(bytes))
        case .tally(let epoch, let key): tallies.load(EpochKey(epoch, key), try Self.record(bytes))
        case .frozen(let epoch): frozen.load(epoch, try Self.record(bytes))
        case .expiry(let epoch, let plot): expiries.load(EpochKey(epoch, plot), try Self.record(bytes))
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
        missing.keys = needs.keys.filter { wasThere($0) == nil }
        missing.ranges = needs.ranges.filter { range, limit in (ranges[range]?.limit ?? 0) < limit }
        return missing
    }

    /// Asks for records that are all needed: what was not read is one miss.
    /// - Throws: `StateMiss` when any of them was not read so far.
    package func require(_ needs: StateNeeds) throws(StateMiss) {
        let missing = missing(needs)
        guard missing.isEmpty else { throw .several(missing) }
    }

    /// The records that work on these needs may change, in the order of the tree.
    package func touched(by needs: StateNeeds) -> [TreeTouch] {
        needs.keys.map { TreeTouch($0.treeKey, hasRecord: wasThere($0) ?? false) }.sorted { $0.key < $1.key }
    }

    /// Whether there was a record when it was read; nil: it was not read.
    private func wasThere(_ key: StateKey) -> Bool? {
        switch key {
        case .account(let address): accounts.wasThere(address)
        case .plot(let id): plots.wasThere(id)
        case .row(let epoch, let plot): rows.wasThere(EpochKey(epoch, plot))
        case .operator(let key): operators.wasThere(key)
        case .epoch(let number): epochs.wasThere(number)
        case .seats(let term): seats.wasThere(term)
        case .pot: pot.wasThere(.only)
        case .tally(let epoch, let key): tallies.wasThere(EpochKey(epoch, key))
        case .frozen(let epoch): frozen.wasThere(epoch)
        case .expiry(let epoch, let plot): expiries.wasThere(EpochKey(epoch, plot))
        }
    }

    /// Everything that differs from what was read, in no order.
    package var changes: [StateChange] {
        accounts.changes + plots.changes + rows.changes + operators.changes + epochs.changes + seats.changes
            + pot.changes + tallies.changes + frozen.changes + expiries.changes
    }

    private static func record<Record: StateRecord>(_ bytes: [UInt8]?) throws(ScaleFault) -> Record? {
        guard let bytes else { return nil }
        return try Record(bytes: bytes)
    }
}

/// A record's place within an epoch.
package struct EpochKey: Hashable, Sendable {
    /// The epoch.
    package let epoch: UInt32
    /// Plot or operator.
    package let id: Bytes32

    /// The place of a plot or an operator within an epoch.
    package init(_ epoch: UInt32, _ id: Bytes32) {
        self.epoch = epoch
        self.id = id
    }
}

/// The place of a record of which there is one.
package enum OnlyKey: Hashable, Sendable {
    /// That place.
    case only
}
