package import Foundation
package import NodeDomain
internal import NodePoet

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Why a PoET did not do what it was asked.
package enum PoetClientFault: Error, Hashable, Sendable {
    /// It cannot be reached.
    case unreachable(String)
    /// It says no, with this status of HTTP.
    case refused(status: Int, String)
    /// What it says makes no sense.
    case answer(String)
    /// Its round is not for this challenge.
    case notMember
    /// The address is none.
    case address(String)

    /// Whether the same may succeed later: the round is not ready, or somebody is away.
    package var isTransient: Bool {
        switch self {
        case .unreachable: true
        case .refused(let status, _): status == 404 || status == 429 || status >= 500
        case .answer, .notMember, .address: false
        }
    }
}

extension PoetClientFault: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .unreachable(let reason): "it cannot be reached: \(reason)"
        case .refused(let status, let reason): "it answers \(status): \(reason)"
        case .answer(let reason): "its answer cannot be used: \(reason)"
        case .notMember: "its round is not for this challenge: register it there, or ask for another round"
        case .address(let text): "\(text) is no address of a PoET: write http://HOST:PORT or https://HOST"
        }
    }
}

/// A PoET server, ours or the original's, over its REST API.
package struct PoetClient: Sendable {
    /// Where it is.
    package let address: URL
    private let transport: BoundedTransport

    /// The server at an address.
    ///
    /// - Parameter seconds: that one question may take.
    /// - Throws: `PoetClientFault.address`.
    package init(_ text: String, seconds: Double = 30) throws {
        let full = text.contains("://") ? text : "http://\(text)"
        guard let address = URL(string: full), address.host != nil,
            ["http", "https"].contains(address.scheme ?? "")
        else { throw PoetClientFault.address(text) }
        self.address = address
        transport = BoundedTransport(seconds: seconds)
    }

    /// What the server says of itself.
    package func info() async throws -> PoetJSON.InfoReply { try await get("v1/info") }

    /// What a registration without certificate must be the work of.
    package func workTerms() async throws -> PoetJSON.WorkTerms {
        let reply: PoetJSON.WorkReply = try await get("v1/pow_params")
        return reply.powParams
    }

    /// Registers a challenge in the open round.
    package func submit(_ request: PoetJSON.SubmitRequest) async throws -> PoetJSON.SubmitReply {
        var call = URLRequest(url: address.appendingPathComponent("v1/submit"))
        call.httpMethod = "POST"
        call.setValue("application/json", forHTTPHeaderField: "Content-Type")
        call.httpBody = try PoetJSON.bytes(request)
        return try await answer(call)
    }

    /// The proof of a round; nothing of it is checked.
    package func proof(round: String) async throws -> PoetJSON.ProofReply {
        try await get("v1/proofs/\(round)")
    }

    /// The work that a server's terms ask for; nil: the nonces are no server's terms.
    ///
    /// It takes minutes of a processor with the difficulties of the original's servers.
    package static func work(
        _ terms: PoetJSON.WorkTerms, node: Bytes32, challenge: Bytes32
    ) -> UInt64? {
        guard terms.difficulty <= SubmitWork.mostDifficult else { return nil }
        return SubmitWork(
            serverChallenge: [UInt8](terms.challenge), node: node, challenge: challenge.bytes
        ).find(in: 0..<UInt64.max, difficulty: Int(terms.difficulty))
    }

    private func get<Reply: Decodable>(_ path: String) async throws -> Reply {
        try await answer(URLRequest(url: address.appendingPathComponent(path)))
    }

    private func answer<Reply: Decodable>(_ request: URLRequest) async throws -> Reply {
        let (status, data) = try await transport.answer(request)
        guard status == 200 else {
            let failure = try? PoetJSON.read(PoetJSON.Failure.self, data)
            let text = failure?.message ?? String(decoding: data.prefix(200), as: UTF8.self)
            throw PoetClientFault.refused(status: status, text)
        }
        do {
            return try PoetJSON.read(Reply.self, data)
        } catch {
            throw PoetClientFault.answer("it is not the JSON of a PoET's \(request.url?.path ?? "")")
        }
    }
}
