using System;
using System.IO;

namespace Sapiens.Interop
{
    /// <summary>Statuses of the library as exceptions of .NET.</summary>
    internal static class Fault
    {
        /// <summary>True for OK, false for TIMEOUT and ABSENT; anything else is thrown. Must come right behind the call: the message is
        /// that of the last fault on this thread.</summary>
        internal static bool Check(int status)
        {
            if (status == 0)
            {
                return true;
            }
            if (status > 0)
            {
                return false;
            }
            throw Exception((SapiensStatus)status, Utf8.Read(Native.sapiens_last_error()));
        }

        internal static Exception Exception(SapiensStatus status, string message)
        {
            switch (status)
            {
                case SapiensStatus.InvalidArgument:
                    return new ArgumentException(message, Argument(message));
                case SapiensStatus.InvalidHandle:
                case SapiensStatus.ShutDown:
                    return new ObjectDisposedException(null, message);
                case SapiensStatus.NotFound:
                    return new FileNotFoundException(message);
                case SapiensStatus.Io:
                    return new IOException(message);
                case SapiensStatus.Unsupported:
                    return new NotSupportedException(message);
                case SapiensStatus.Cancelled:
                    return new OperationCanceledException(message);
                case SapiensStatus.WrongThread:
                    return new InvalidOperationException(message);
                default:
                    return new SapiensException(status, message);
            }
        }

        /// <summary>The library's messages about arguments begin with their name: "options->depth is 0; ...".</summary>
        private static string Argument(string message)
        {
            int end = 0;
            while (end < message.Length && IsNamePart(message[end]))
            {
                end++;
            }
            return end == 0 || message.StartsWith("this ", StringComparison.Ordinal)
                ? null
                : message.Substring(0, end).Replace("->", ".").TrimEnd('-');
        }

        private static bool IsNamePart(char c)
        {
            return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '>';
        }
    }
}
