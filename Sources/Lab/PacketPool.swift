internal import Foundation
internal import LabCore

/// Bytes of the packets that are under way: numbered places, of which only those that were used take memory.
///
/// It is freed with its owner.
struct PacketPool: ~Copyable {
    /// Bytes of a place.
    static let place = 2048

    private let base: UnsafeMutableRawPointer
    private var free: [UInt32]

    init() {
        base = UnsafeMutableRawPointer.allocate(
            byteCount: (LabLimit.packets + 1) * Self.place, alignment: 64)
        // The lowest first, and the last used again first: few packets need little memory.
        free = (0...UInt32(LabLimit.packets)).reversed()
    }

    deinit { base.deallocate() }

    /// A place for a packet; nil: all are taken.
    mutating func take() -> UInt32? { free.popLast() }

    /// Gives one back.
    mutating func give(_ number: UInt32) { free.append(number) }

    /// Where a place is.
    subscript(number: UInt32) -> UnsafeMutableRawPointer { base + Int(number) * Self.place }
}
