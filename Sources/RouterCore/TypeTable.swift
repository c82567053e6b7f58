internal import CBusProtocol

/// Traffic of one type since the router began.
struct TypeTotals {
    let type: UInt32
    var messages: UInt64 = 0
    var bytes: UInt64 = 0
    var refused: UInt64 = 0
    /// Entry n: calls answered in less than 2^n microseconds; the last one: all slower ones.
    var answeredWithin = [UInt32](repeating: 0, count: Self.buckets)
    var answeredMicroseconds: UInt64 = 0

    /// Up to a minute.
    static let buckets = 27

    init(type: UInt32) {
        self.type = type
    }

    @inline(__always)
    mutating func answered(_ nanoseconds: UInt64) {
        let microseconds = nanoseconds / 1000
        let bucket = UInt64.bitWidth - microseconds.leadingZeroBitCount
        answeredWithin[min(bucket, Self.buckets - 1)] &+= 1
        answeredMicroseconds &+= microseconds
    }
}

/// Totals by type; grows by the types of the registry alone.
struct TypeTable {
    private(set) var all: [TypeTotals] = []
    private var places: [UInt32: Int] = [:]

    /// Where a type's totals stand, made when it is new.
    mutating func place(_ type: UInt32) -> Int {
        if let place = places[type] { return place }
        all.append(TypeTotals(type: type))
        places[type] = all.count - 1
        return all.count - 1
    }

    subscript(_ place: Int) -> TypeTotals {
        @inline(__always)
        _read { yield all[place] }
        @inline(__always)
        _modify { yield &all[place] }
    }
}

/// The totals as C structures that stay in place.
final class TypeStatsStorage {
    private let stats: UnsafeMutableBufferPointer<Spacenode__Bus__V1__TypeStats>
    private let pointers: UnsafeMutableBufferPointer<UnsafeMutablePointer<Spacenode__Bus__V1__TypeStats>?>
    private let buckets: UnsafeMutableBufferPointer<UInt32>

    init(_ table: TypeTable) {
        stats = .allocate(capacity: table.all.count)
        pointers = .allocate(capacity: table.all.count)
        buckets = .allocate(capacity: table.all.count * TypeTotals.buckets)
        _ = buckets.initialize(from: table.all.flatMap(\.answeredWithin))
        for (place, totals) in table.all.enumerated() {
            var entry = Spacenode__Bus__V1__TypeStats()
            spacenode__bus__v1__type_stats__init(&entry)
            entry.type = totals.type
            entry.messages = totals.messages
            entry.bytes = totals.bytes
            entry.refused = totals.refused
            entry.answered_us = totals.answeredMicroseconds
            entry.n_answered_within = TypeTotals.buckets
            entry.answered_within = buckets.baseAddress.map { $0 + place * TypeTotals.buckets }
            stats.initializeElement(at: place, to: entry)
            pointers.initializeElement(at: place, to: stats.baseAddress.map { $0 + place })
        }
    }

    deinit {
        stats.deallocate()
        pointers.deallocate()
        buckets.deallocate()
    }

    func withPointers(
        _ body: (UnsafeMutableBufferPointer<UnsafeMutablePointer<Spacenode__Bus__V1__TypeStats>?>) -> Void
    ) {
        body(pointers)
    }
}
