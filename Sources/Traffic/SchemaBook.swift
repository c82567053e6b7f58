internal import Foundation
package import NodeProtocol
package import SwiftProtobuf

/// What is known of types and messages: the contracts that come with the node, and what plugins describe.
///
/// Whatever a plugin describes is added; what is known already stays.
package struct SchemaBook: Sendable {
    /// One method, as far as showing its messages needs it.
    package struct Method: Sendable, Hashable {
        package let name: String
        package let pattern: Pattern
        package let input: String
        package let output: String
        package let isSensitive: Bool
    }

    package private(set) var methods: [UInt32: Method] = [:]
    private var messages: [String: Google_Protobuf_DescriptorProto] = [:]
    private var enums: [String: [Int32: String]] = [:]
    private var files: [String: Google_Protobuf_FileDescriptorProto] = [:]
    private var fileOfMessage: [String: String] = [:]

    /// The contracts that come with the node.
    package init() {
        for contract in ContractInfo.all {
            for method in contract.methods {
                methods[method.type] = Method(
                    name: method.name, pattern: method.pattern, input: method.input, output: method.output,
                    isSensitive: method.isSensitive)
            }
            add(files: Data(base64Encoded: contract.descriptorSetBase64) ?? Data())
        }
    }

    /// Adds what a plugin says of itself; what cannot be read is left out.
    package mutating func add(_ description: Spacenode_System_V1_DescribeReply) {
        for method in description.methods where methods[method.type] == nil {
            methods[method.type] = Method(
                name: method.name, pattern: Pattern(rawValue: UInt8(clamping: method.pattern)) ?? .call,
                input: method.input, output: method.output, isSensitive: method.sensitive)
        }
        add(files: description.fileDescriptorSet)
    }

    private mutating func add(files set: Data) {
        guard let set = try? Google_Protobuf_FileDescriptorSet(serializedBytes: set) else { return }
        for file in set.file where files[file.name] == nil {
            files[file.name] = file
            let scope = file.package.isEmpty ? "" : file.package + "."
            add(file.enumType, scope)
            for message in file.messageType { add(message, scope, file.name, depth: 0) }
        }
    }

    private mutating func add(
        _ message: Google_Protobuf_DescriptorProto, _ scope: String, _ file: String, depth: Int
    ) {
        guard depth < 32 else { return }
        let name = scope + message.name
        messages[name] = message
        fileOfMessage[name] = file
        add(message.enumType, name + ".")
        for nested in message.nestedType { add(nested, name + ".", file, depth: depth + 1) }
    }

    private mutating func add(_ types: [Google_Protobuf_EnumDescriptorProto], _ scope: String) {
        for type in types {
            enums[scope + type.name] = Dictionary(
                type.value.map { ($0.number, $0.name) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The message that a frame's payload is, by kind of frame; nil: unknown type, or a kind without payload.
    package func messageName(kind: UInt32, type: UInt32) -> String? {
        guard kind != 3 else { return "spacenode.bus.v1.Fault" }
        guard let method = methods[type] else { return nil }
        switch (kind, method.pattern) {
        case (1, _), (5, .downStream): return method.input
        case (2, _), (4, _): return method.output
        case (6, .downStream): return method.output
        case (6, .upStream): return method.input
        case (7, .upStream): return method.output
        default: return nil
        }
    }

    /// Fields of a message by number; nil when the message is not known.
    package func message(_ name: String) -> Google_Protobuf_DescriptorProto? {
        messages[name]
    }

    /// Name of an enum's value.
    package func enumName(_ type: String, _ value: Int32) -> String? {
        enums[type]?[value]
    }

    /// The file of a message and all that it imports, imports first; nil when the message is not known.
    package func fileSet(of message: String) -> Google_Protobuf_FileDescriptorSet? {
        guard let file = fileOfMessage[message] else { return nil }
        var set = Google_Protobuf_FileDescriptorSet()
        var seen: Set<String> = []
        collect(file, &seen, &set)
        return set
    }

    private func collect(
        _ name: String, _ seen: inout Set<String>, _ set: inout Google_Protobuf_FileDescriptorSet
    ) {
        guard seen.insert(name).inserted, let file = files[name] else { return }
        for dependency in file.dependency { collect(dependency, &seen, &set) }
        set.file.append(file)
    }
}
