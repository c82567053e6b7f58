import SignerCore
import TestSupport

/// A folder that loses power: what was not synced may be there, in part, or not at all.
struct SimulatedDisk: RecordDisk {
    /// What is carried out wrongly, to show that the tests can fail.
    enum Flaw: CaseIterable { case none, syncsNothing, syncsNoFolder, writesInPlace }

    struct Failed: Error {}

    /// A file's bytes, and those that are surely on the disk.
    private struct Inode {
        var bytes: [UInt8]
        var durable: [UInt8]?
    }

    private var inodes: [Inode] = []
    /// Names as a running process sees them, and as they are surely on the disk.
    private var names: [String: Int] = [:]
    private var durableNames: [String: Int] = [:]
    private let flaw: Flaw
    /// Steps until the power goes; nil: it stays.
    var stepsLeft: Int?

    init(_ flaw: Flaw = .none) { self.flaw = flaw }

    mutating func perform(_ step: DiskStep) throws {
        if let left = stepsLeft {
            guard left > 0 else { throw Failed() }
            stepsLeft = left - 1
        }
        carryOut(step)
    }

    private mutating func carryOut(_ step: DiskStep) {
        switch step {
        case .write(let file, let bytes):
            if flaw == .writesInPlace, let place = names[file.replacing(".next", with: "")] {
                inodes[place].bytes = bytes
                return
            }
            if let place = names[file] {
                // Emptied and written again: the old bytes are not promised any more.
                inodes[place] = Inode(bytes: bytes, durable: nil)
            } else {
                inodes.append(Inode(bytes: bytes, durable: nil))
                names[file] = inodes.count - 1
            }
        case .sync(let file):
            if let place = names[file], flaw != .syncsNothing { inodes[place].durable = inodes[place].bytes }
        case .rename(let from, let to):
            if let place = names.removeValue(forKey: from) { names[to] = place }
        case .syncFolder:
            if flaw != .syncsNoFolder, flaw != .syncsNothing { durableNames = names }
        }
    }

    /// Bytes of a file; nil: there is none.
    func read(_ file: String) -> [UInt8]? { names[file].map { inodes[$0].bytes } }

    /// The power goes and comes back: chance decides what of the rest has reached the disk.
    mutating func crash(_ chance: inout SplitMix) {
        for place in inodes.indices {
            let bytes = inodes[place].durable ?? torn(inodes[place].bytes, &chance)
            inodes[place] = Inode(bytes: bytes, durable: bytes)
        }
        if chance.below(2) == 0 { names = durableNames }
        durableNames = names
        stepsLeft = nil
    }

    private func torn(_ bytes: [UInt8], _ chance: inout SplitMix) -> [UInt8] {
        switch chance.below(4) {
        case 0: return bytes
        case 1: return []
        case 2: return Array(bytes.prefix(chance.below(bytes.count + 1)))
        default:
            let cut = chance.below(bytes.count + 1)
            return bytes[..<cut] + [UInt8](repeating: 0, count: bytes.count - cut)
        }
    }
}
