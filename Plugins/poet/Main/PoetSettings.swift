internal import Foundation
internal import NodeCommand
internal import NodeConfiguration
internal import PoetCore

/// The PoET's configuration, with the defaults of config/poet.yaml filled in.
struct PoetSettings: Sendable {
    /// From the port base to the REST face's port.
    private static let portOffset = 480

    /// nil: only on a network that this node launches itself.
    let works: Bool?
    var host = "127.0.0.1"
    var port: Int
    var admission = AdmissionRules()
    let certifierURL: String?
    let checkpointSeconds: Double

    init(_ file: PoetFile) throws {
        let base = ProcessInfo.processInfo.environment["SPACENODE_PORT_BASE"].flatMap { Int($0) }
        port = (base ?? NodeFile.usualPortBase) + Self.portOffset
        admission.difficulty = file.difficulty ?? admission.difficulty
        admission.certifier = file.certifier
        admission.mostMembers = file.maxMembers ?? admission.mostMembers
        works = file.work
        certifierURL = file.certifierURL
        checkpointSeconds = Double(file.checkpointSeconds ?? 5)
        if let listen = file.listen { try self.listen(listen) }
    }

    /// Listens elsewhere.
    /// - Throws: `CommandFault` when the text is no HOST:PORT.
    mutating func listen(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
            colon > text.startIndex
        else { throw CommandFault("\(text) is no address to listen on: write HOST:PORT") }
        host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        self.port = Int(port)
    }
}
