package import GatewayConfiguration
internal import HTTPWire

/// A split as the configuration has it: its sides, its key, its overrides. What happens at run time (weights set by
/// operators and canaries, counts) is `SplitState`'s; `LiveSplit` holds the two together.
package final class CompiledSplit: Sendable {
    package let configuration: SplitConfiguration
    /// The indices of the sides' services, in the configuration's order.
    package let services: [Int]
    let route: String
    private let key: CompiledSplitKey?
    private let overrides: [Override]

    private struct Override: Sendable {
        let condition: Condition
        let side: Int

        enum Condition: Sendable {
            case header(HeaderCondition)
            case cookie(CookieCondition)
            case query(QueryCondition)
        }
    }

    /// Why a request goes to its side.
    package enum Choice: Sendable, Hashable {
        /// By the override at this index of the configuration.
        case override(Int, side: Int)
        /// By the place of its key.
        case key(UInt64)
        /// It has no key: by the counter.
        case turn
    }

    init(_ configuration: SplitConfiguration, services: [Int], route: String) {
        self.configuration = configuration
        self.services = services
        self.route = route
        key = configuration.key.map { CompiledSplitKey($0, route: route) }
        overrides = configuration.overrides.compactMap { override in
            // That the side exists was checked when the configuration was read.
            guard let side = configuration.sides.firstIndex(where: { $0.service == override.service }) else {
                return nil
            }
            let test = override.value.map { ValueTest.exact(Array($0.utf8)) } ?? .present
            let condition: Override.Condition =
                switch override.source {
                case .header(let text): .header(Self.header(Bytes.lowercased(text), test))
                case .cookie(let name): .cookie(CookieCondition(name: Array(name.utf8), test: test))
                case .query(let name): .query(QueryCondition(name: Array(name.utf8), test: test))
                }
            return Override(condition: condition, side: side)
        }
    }

    private static func header(_ name: [UInt8], _ test: ValueTest) -> HeaderCondition {
        HeaderCondition(known: KnownField.lookup(name.span), name: name, test: test)
    }

    /// The data plane and `explain` both ask here.
    func choose(_ request: borrowing SplitRequest, _ scratch: MatchScratch) -> Choice {
        for index in overrides.indices where holds(overrides[index].condition, request, scratch) {
            return .override(index, side: overrides[index].side)
        }
        if let point = key?.point(of: request) { return .key(point) }
        return .turn
    }

    private func holds(
        _ condition: Override.Condition, _ request: borrowing SplitRequest, _ scratch: MatchScratch
    ) -> Bool {
        switch condition {
        case .header(let header): header.holds(request.fields, scratch)
        case .cookie(let cookie): cookie.holds(request.fields, scratch)
        case .query(let query): query.holds(request.query, scratch)
        }
    }
}
