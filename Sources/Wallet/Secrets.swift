internal import Foundation
internal import Glibc
internal import NodeCommand
internal import NodeCrypto

/// How secrets come in: typed without being shown, or from a file or pipe.
enum Prompt {
    /// Longest line taken.
    private static let limit = 4096

    /// A password, typed or in the first line of a file.
    /// - Parameter again: ask twice, for a new one.
    static func password(file: String?, again: Bool = false) throws -> SecretBytes {
        if let file {
            guard let data = FileManager.default.contents(atPath: file), data.count <= limit else {
                throw CommandFault("--password-file \(file): it cannot be read, or is over \(limit) bytes")
            }
            var bytes = Array(data.prefix { $0 != 0x0a && $0 != 0x0d })
            guard !bytes.isEmpty else {
                throw CommandFault("--password-file \(file): its first line is empty")
            }
            return SecretBytes(taking: &bytes)
        }
        guard isatty(0) == 1 else {
            throw CommandFault("there is no terminal to ask for the password: give --password-file FILE")
        }
        var first = try hidden("password: ")
        guard !first.isEmpty else {
            throw CommandFault("an empty password keeps nothing: choose another")
        }
        if again {
            var second = try hidden("again: ")
            defer { NodeCrypto.Secrets.wipe(&second) }
            guard first == second else {
                throw CommandFault("these were two passwords: begin anew")
            }
        }
        return SecretBytes(taking: &first)
    }

    /// Words, typed without being shown or from a pipe.
    static func words() throws -> String {
        let bytes = isatty(0) == 1 ? try hidden("words: ") : line()
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A line that is not shown.
    private static func hidden(_ question: String) throws -> [UInt8] {
        var before = termios()
        guard tcgetattr(0, &before) == 0 else {
            throw CommandFault("the terminal does not answer")
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(0, TCSAFLUSH, &silent)
        defer {
            tcsetattr(0, TCSAFLUSH, &before)
            note("")
        }
        FileHandle.standardError.write(Data(question.utf8))
        return line()
    }

    private static func line() -> [UInt8] {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while bytes.count < limit, read(0, &byte, 1) == 1, byte != 0x0a { bytes.append(byte) }
        return bytes
    }
}
