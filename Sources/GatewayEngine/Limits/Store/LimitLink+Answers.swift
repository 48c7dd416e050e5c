internal import GatewayConfiguration
internal import RateLimits

/// What the server says.
extension LimitLink {
    private static let reader: RESPReader = {
        var limits = RESPReader.Limits()
        // The map of a large cluster.
        limits.elements = 16_384
        return RESPReader(limits: limits)
    }()

    /// Bytes of an answer that is not complete.
    private static let longestAnswer = 1 << 20

    func receive(_ bytes: Span<UInt8>) {
        if input.isEmpty {
            let used = read(bytes)
            // The pointer is used within the call only.
            if socket != nil, used < bytes.count {
                unsafe bytes.extracting(used..<bytes.count).withUnsafeBufferPointer {
                    unsafe input.append(contentsOf: $0)
                }
            }
        } else {
            // The pointer is used within the call only.
            unsafe bytes.withUnsafeBufferPointer { unsafe input.append(contentsOf: $0) }
            let held = input
            let used = read(held.span)
            if socket != nil { input = used == held.count ? [] : Array(held[used...]) }
        }
        if input.count > Self.longestAnswer { fail(.protocolError) }
        owner.deliver()
    }

    /// How much of it was used: up to the last answer that is complete.
    private func read(_ bytes: Span<UInt8>) -> Int {
        var position = 0
        do throws(RESPReader.Fault) {
            while position < bytes.count, socket != nil {
                guard let next = expected.first else { throw .unexpected }
                guard try readAnswer(to: next, bytes, &position) else { break }
            }
        } catch {
            fail(.protocolError)
        }
        return position
    }

    /// False: it has not come in full.
    private func readAnswer(
        to next: Expected, _ bytes: Span<UInt8>, _ position: inout Int
    ) throws(RESPReader.Fault) -> Bool {
        let start = position
        if case .question(let question) = next {
            let result = try LimitReply.read(
                bytes, from: start, reader: Self.reader, asked: question.count, into: question.check)
            switch result {
            case .incomplete: return false
            case .decided(let end):
                position = end
                _ = expected.popFirst()
                machine.didAnswer()
                owner.answered(question)
            case .refused(let refusal, let end):
                position = end
                _ = expected.popFirst()
                // Without the sign in front and the line's end.
                take(refusal, of: question, bytes.extracting(start + 1..<max(end - 2, start + 1)))
            }
            return true
        }
        guard let end = try Self.reader.end(bytes, from: start) else { return false }
        position = end
        _ = expected.popFirst()
        var inside = start
        guard let value = try Self.reader.next(bytes, at: &inside) else { throw .unexpected }
        if case .error(let range) = value {
            take(LimitReply.Refusal(bytes.extracting(range)), of: next)
            return true
        }
        switch next {
        case .authentication, .selection, .asking, .refund, .question: break
        case .greeting:
            if !owner.store.configuration.isCluster, try isReplica(value, bytes, inside) { fail(.readOnly) }
        case .script:
            guard case .bulk(let name) = value else { throw .unexpected }
            script.removeAll(keepingCapacity: true)
            for index in name { script.append(bytes[index]) }
            becomeReady()
        case .slots:
            owner.learn(
                try ClusterTopology(bytes, from: start, reader: Self.reader, asked: server.host))
        }
        return true
    }

    /// HELLO answers with a list of names and values.
    private func isReplica(
        _ value: RESPReader.Value, _ bytes: Span<UInt8>, _ start: Int
    ) throws(RESPReader.Fault) -> Bool {
        guard case .array(let count) = value else { return false }
        var position = start
        for _ in 0..<count / 2 {
            let name = try Self.reader.next(bytes, at: &position)
            let valueStart = position
            guard let end = try Self.reader.end(bytes, from: valueStart) else { return false }
            if case .bulk(let range) = name, Self.equals(bytes.extracting(range), "role"),
                case .bulk(let role) = try Self.reader.next(bytes, at: &position)
            {
                return !Self.equals(bytes.extracting(role), "master")
            }
            position = end
        }
        return false
    }

    private static func equals(_ bytes: Span<UInt8>, _ text: StaticString) -> Bool {
        guard bytes.count == text.utf8CodeUnitCount else { return false }
        // A literal lives as long as the program, and the counts are equal.
        for index in bytes.indices where unsafe bytes[index] != text.utf8Start[index] { return false }
        return true
    }

    // MARK: Refusals

    /// Of a question.
    private func take(_ refusal: LimitReply.Refusal, of question: LimitQuestion, _ message: Span<UInt8>) {
        switch refusal {
        case .noScript:
            // The script went with a restart, or was flushed: its text loads it again.
            guard !question.needsText else { return give(up: question, .refused) }
            question.needsText = true
            send(question)
        case .moved, .ask:
            guard let redirection = ClusterRedirection(message, asked: server.host) else {
                return fail(question, .protocolError)
            }
            owner.redirect(question, redirection)
        case .readOnly, .masterDown: fail(question, .readOnly)
        case .loading: fail(question, .loading)
        case .noAuthentication, .noPermission: fail(question, .authentication)
        case .clusterDown, .tryAgain, .crossSlot: give(up: question, .cluster)
        case .outOfMemory: give(up: question, .outOfMemory)
        case .busy, .other: give(up: question, .refused)
        }
    }

    /// Only this question has failed.
    private func give(up question: LimitQuestion, _ failure: StoreFailure) {
        machine.didAnswer()
        worker.metrics.limitStoreFailed(failure)
        owner.failed(question, failure)
    }

    /// The server is of no use any more. The question was not counted, and goes to the next one.
    private func fail(_ question: LimitQuestion, _ failure: StoreFailure) {
        askAgain(question)
        fail(failure)
    }

    /// Of anything else.
    private func take(_ refusal: LimitReply.Refusal, of entry: Expected) {
        switch entry {
        case .greeting:
            // A server that does not know HELLO is told by its other answers.
            if refusal == .noAuthentication { fail(.authentication) }
        case .authentication: fail(.authentication)
        case .selection, .script:
            switch refusal {
            case .noAuthentication, .noPermission: fail(.authentication)
            case .loading: fail(.loading)
            case .readOnly, .masterDown: fail(.readOnly)
            default: fail(.refused)
            }
        case .slots: fail(.cluster)
        case .asking, .refund, .question: break
        }
    }
}
