internal import Foundation
internal import PostWorkerCore

// O_DIRECT, which Swift's Glibc module leaves out.
#if arch(arm64) || arch(arm)
    private let openDirect: Int32 = 0o200000
#else
    private let openDirect: Int32 = 0o40000
#endif

/// A file descriptor that closes itself.
struct OpenFile: ~Copyable {
    let descriptor: Int32
    let path: String

    /// Opens a file.
    ///
    /// - Throws: `PlotFileFault.system`, or `.full` when a new file has no place.
    init(_ path: String, _ flags: Int32, action: String = "open") throws(PlotFileFault) {
        let descriptor = retried { open(path, flags | O_CLOEXEC, 0o600) }
        guard descriptor >= 0 else { throw OpenFile.fault(path, action, nil, errno) }
        self.descriptor = descriptor
        self.path = path
    }

    /// Opens a file past the system's cache where the file system can.
    ///
    /// - Returns: nil where it cannot.
    init?(direct path: String) throws(PlotFileFault) {
        #if os(Linux)
            let descriptor = retried { open(path, O_RDONLY | O_CLOEXEC | openDirect) }
            if descriptor < 0, errno == EINVAL { return nil }
            guard descriptor >= 0 else { throw OpenFile.fault(path, "open", nil, errno) }
            self.descriptor = descriptor
            self.path = path
        #else
            return nil
        #endif
    }

    deinit { _ = close(descriptor) }

    /// Bytes of the file.
    ///
    /// - Throws: `PlotFileFault.system`.
    func size() throws(PlotFileFault) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw OpenFile.fault(path, "look at", nil, errno) }
        return UInt64(clamping: status.st_size)
    }

    /// Reads until the memory is full or the file ends.
    ///
    /// - Returns: how many bytes were read; nil when the file cannot be read past the cache like this.
    /// - Throws: `PlotFileFault.system` with the range that cannot be read.
    func read(into memory: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(PlotFileFault) -> Int? {
        var done = 0
        while done < memory.count {
            let place = off_t(clamping: offset) + off_t(done)
            let count = retried {
                pread(descriptor, memory.baseAddress?.advanced(by: done), memory.count - done, place)
            }
            if count == 0 { break }
            if count < 0, errno == EINVAL { return nil }
            guard count > 0 else {
                let first = offset + UInt64(done)
                throw OpenFile.fault(path, "read", first..<offset + UInt64(memory.count), errno)
            }
            done += count
            // Past the cache, what comes short of a sector's end can only be the end of the file.
            if done % 512 != 0 { break }
        }
        return done
    }

    /// Reads exactly so many bytes.
    ///
    /// - Throws: `PlotFileFault.system`.
    func bytes(_ range: Range<UInt64>) throws(PlotFileFault) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var place = 0
        while place < bytes.count {
            let start = place
            let count = bytes.withUnsafeMutableBytes { memory in
                retried {
                    pread(
                        descriptor, memory.baseAddress?.advanced(by: start), memory.count - start,
                        off_t(clamping: range.lowerBound) + off_t(start))
                }
            }
            guard count > 0 else {
                throw OpenFile.fault(
                    path, "read", range.lowerBound + UInt64(place)..<range.upperBound, count == 0 ? 0 : errno)
            }
            place += count
        }
        return bytes
    }

    /// Writes all bytes.
    ///
    /// - Throws: `PlotFileFault.full` or `.system`.
    func write(_ bytes: [UInt8], at offset: UInt64) throws(PlotFileFault) {
        var done = 0
        while done < bytes.count {
            let start = done
            let count = bytes.withUnsafeBytes { memory in
                retried {
                    pwrite(
                        descriptor, memory.baseAddress?.advanced(by: start), memory.count - start,
                        off_t(clamping: offset) + off_t(start))
                }
            }
            guard count > 0 else {
                let first = offset + UInt64(done)
                throw OpenFile.fault(path, "write", first..<offset + UInt64(bytes.count), errno)
            }
            done += count
        }
    }

    /// Cuts the file.
    ///
    /// - Throws: `PlotFileFault.system`.
    func cut(to size: UInt64) throws(PlotFileFault) {
        guard ftruncate(descriptor, off_t(clamping: size)) == 0 else {
            throw OpenFile.fault(path, "cut", nil, errno)
        }
    }

    /// Waits until the disk has all that was written.
    ///
    /// - Throws: `PlotFileFault.full` where the system finds only now that there is no room, or `.system`.
    func sync() throws(PlotFileFault) {
        guard retried({ fsync(descriptor) }) == 0 else { throw OpenFile.fault(path, "write", nil, errno) }
    }

    /// The fault of an error number.
    static func fault(
        _ path: String, _ action: String, _ bytes: Range<UInt64>?, _ number: Int32
    ) -> PlotFileFault {
        let reason = number == 0 ? "it ends before that" : String(cString: strerror(number))
        if number == ENOSPC || number == EDQUOT { return .full(path: path, reason: reason) }
        return .system(path: path, action: action, bytes: bytes, reason: reason)
    }
}

/// A call again and again while signals interrupt it.
func retried<Value: SignedInteger>(_ call: () -> Value) -> Value {
    while true {
        let value = call()
        if value != -1 || errno != EINTR { return value }
    }
}
