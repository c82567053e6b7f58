internal import Foundation
internal import NodeCommand
internal import NodeEncoding
internal import VmCore

/// Writes a checkpoint beside its name, and gives it the name when it is whole and on the disk.
final class CheckpointFileWriter {
    private let path: String
    private let handle: FileHandle
    private(set) var leaves: UInt64 = 0
    private(set) var bytes: UInt64 = 0

    /// - Throws: `CommandFault` when there is such a file, or none can be made.
    init(_ path: String, _ head: CheckpointHead) throws {
        self.path = path
        guard !FileManager.default.fileExists(atPath: path) else {
            throw CommandFault("\(path) is there already: choose another name, or remove it")
        }
        guard FileManager.default.createFile(atPath: path + ".part", contents: nil),
            let handle = FileHandle(forWritingAtPath: path + ".part")
        else { throw CommandFault("\(path).part cannot be made: check the folder and its rights") }
        self.handle = handle
        try write(CheckpointPart.beginning(head))
    }

    /// Adds a run of leaves.
    /// - Throws: `ScaleFault` when they are none.
    func add(_ run: [UInt8]) throws {
        leaves += UInt64(try CheckpointLeaves.read(run).count)
        try write(CheckpointPart.run(run))
    }

    /// Ends the file and gives it its name.
    func finish() throws {
        try write(CheckpointPart.end(count: leaves))
        try handle.synchronize()
        try handle.close()
        try FileManager.default.moveItem(atPath: path + ".part", toPath: path)
    }

    /// Takes back what was written.
    func discard() {
        try? handle.close()
        try? FileManager.default.removeItem(atPath: path + ".part")
    }

    private func write(_ part: [UInt8]) throws {
        try handle.write(contentsOf: part)
        bytes += UInt64(part.count)
    }
}

/// Reads a checkpoint from front to back.
final class CheckpointFileReader {
    private let path: String
    private let handle: FileHandle
    let head: CheckpointHead
    private(set) var leaves: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    let size: UInt64

    /// - Throws: `CommandFault` when the file cannot be read or does not begin as a checkpoint.
    init(_ path: String) throws {
        self.path = path
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw CommandFault("\(path) cannot be read: check the name and its rights")
        }
        self.handle = handle
        size = (try? handle.seekToEnd()) ?? 0
        try handle.seek(toOffset: 0)
        let start = try Self.take(handle, CheckpointPart.magic.count + CheckpointPart.lengthBytes, path)
        let length = CheckpointPart.number(start.suffix(CheckpointPart.lengthBytes))
        guard start.starts(with: CheckpointPart.magic), length <= CheckpointPart.mostHead else {
            throw CommandFault("\(path) is no checkpoint: it does not begin as one")
        }
        do {
            head = try CheckpointHead(bytes: try Self.take(handle, Int(length), path))
        } catch let fault as ScaleFault {
            throw CommandFault("\(path) is no checkpoint of this version: \(fault)")
        }
        bytes = UInt64(start.count) + length
    }

    /// Leaves, and the bytes that they were read from.
    struct Run {
        let bytes: [UInt8]
        let leaves: [TreeLeaf]
    }

    /// The next run of leaves; nil at the end, which must say how many there were.
    func next() throws -> Run? {
        let length = CheckpointPart.number(try take(CheckpointPart.lengthBytes))
        guard length > 0 else {
            let count = CheckpointPart.number(try take(CheckpointPart.countBytes))
            guard count == leaves else {
                throw CommandFault("\(path) has \(leaves) leaves and says \(count): it is damaged")
            }
            guard bytes == size else { throw CommandFault("\(path) goes on after its end: it is damaged") }
            return nil
        }
        guard length <= CheckpointLeaves.mostBytes else {
            throw CommandFault("\(path) has a run of \(length) bytes at \(bytes): it is damaged")
        }
        let taken = try take(Int(length))
        do {
            let run = Run(bytes: taken, leaves: try CheckpointLeaves.read(taken))
            leaves += UInt64(run.leaves.count)
            return run
        } catch {
            throw CommandFault("\(path) is damaged before byte \(bytes): \(error)")
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        let taken = try Self.take(handle, count, path)
        bytes += UInt64(count)
        return taken
    }

    private static func take(_ handle: FileHandle, _ count: Int, _ path: String) throws -> [UInt8] {
        let taken = try handle.read(upToCount: count) ?? Data()
        guard taken.count == count else {
            throw CommandFault("\(path) ends too early: it was cut short")
        }
        return [UInt8](taken)
    }
}
