using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using UnityEngine;

namespace Sapiens.Unity
{
    /// <summary>Where the frames of a <see cref="SapiensCamera"/> come from.</summary>
    public enum SapiensSource
    {
        WebCam,

        /// <summary>A texture of the project, such as the RenderTexture of a camera or a video player.</summary>
        Texture,
    }

    /// <summary>How far a <see cref="SapiensCamera"/> is.</summary>
    public enum SapiensState
    {
        Stopped,
        Loading,
        Running,
        Failed,
    }

    /// <summary>Takes frames from a webcam or a texture, has the library look at them, and raises results on the main thread. While it
    /// runs no frame costs garbage, and the main thread waits for nothing.</summary>
    [AddComponentMenu("Sapiens/Sapiens Camera")]
    [DisallowMultipleComponent]
    public sealed class SapiensCamera : MonoBehaviour
    {
        [SerializeField] private SapiensSource source = SapiensSource.WebCam;
        [Tooltip("Name of the webcam; empty: the first one.")]
        [SerializeField] private string webCamName = "";
        [SerializeField] private Vector2Int webCamSize = new Vector2Int(1280, 720);
        [SerializeField] private int webCamRate = 30;
        [Tooltip("For source Texture.")]
        [SerializeField] private Texture texture;
        [Tooltip("Set this if people appear upside down.")]
        [SerializeField] private bool rowsFromTop;
        [Tooltip("Files below StreamingAssets, or absolute paths. None: the small demo model inside the library.")]
        [SerializeField] private string[] models = new string[0];
        [Tooltip("In order of preference, such as cuda:0,cpu. Empty: cpu.")]
        [SerializeField] private string devices = "";
        [Tooltip("Nothing: every task the models have.")]
        [SerializeField] private SapiensTask tasks = SapiensTask.All;
        [SerializeField] private SapiensMapSpace mapSpace = SapiensMapSpace.Model;
        [Tooltip("Results carry the picture that was looked at.")]
        [SerializeField] private bool keepImage;
        [Tooltip("Time a frame should take at most, in milliseconds; 0: no limit.")]
        [SerializeField] private float budgetMs;

        private const int FramesOnTheirWay = 4;
        private readonly SapiensResult latest = new SapiensResult();
        private CancellationTokenSource cancellation;
        private SapiensContext context;
        private SapiensStream stream;
        private Task loading;
        private WebCamTexture webCam;
        private RenderTexture upload;
        private FrameRing ring;
        private bool mustBegin;

        /// <summary>A result has come, on the main thread. It is filled anew for the next one: Share() or Assign() keep it.</summary>
        public event Action<SapiensCamera, SapiensResult> ResultReceived;

        public SapiensState State { get; private set; }

        /// <summary>Why it has failed; null if it has not.</summary>
        public Exception Fault { get; private set; }

        /// <summary>Null while stopped; made with the first frame.</summary>
        public SapiensContext Context
        {
            get { return context; }
        }

        /// <summary>Null while stopped. For task cadences, statistics and cancelling.</summary>
        public SapiensStream Stream
        {
            get { return stream; }
        }

        /// <summary>The last result without a fault; empty before the first.</summary>
        public SapiensResult Latest
        {
            get { return latest; }
        }

        /// <summary>What is asked about the frames: boxes of persons, tasks. Used for the frames submitted from now on.</summary>
        public SapiensSubmitOptions SubmitOptions { get; set; }

        /// <summary>The texture the frames come from; null before the webcam has started.</summary>
        public Texture Source
        {
            get { return source == SapiensSource.WebCam ? webCam : texture; }
        }

        /// <summary>Changes what is serialised; takes effect with the first frame after the component is enabled.</summary>
        public void Configure(SapiensSource from, Texture fromTexture, bool withImage, params string[] withModels)
        {
            source = from;
            texture = fromTexture;
            keepImage = withImage;
            models = withModels ?? new string[0];
        }

        private void OnEnable()
        {
            Fault = null;
            mustBegin = true;
        }

        // With the first frame, not in OnEnable: so a component that a script adds can be configured before.
        private void Begin()
        {
            mustBegin = false;
            try
            {
                context = new SapiensContext(new SapiensContextOptions
                {
                    Devices = string.IsNullOrEmpty(devices) ? null : devices, Log = Log,
                });
                stream = context.CreateStream(new SapiensStreamOptions
                {
                    Policy = SapiensPolicy.LatestOnly, Delivery = SapiensDelivery.Events, MapSpace = mapSpace, Tasks = Known(tasks),
                    KeepImage = keepImage, BudgetNanoseconds = (long)(budgetMs * 1e6),
                });
                stream.ResultReceived += OnResult;
                SapiensLoop.Add(context);
                cancellation = new CancellationTokenSource();
                loading = Load(context, Paths(), cancellation.Token);
                State = SapiensState.Loading;
                if (source == SapiensSource.WebCam)
                {
                    webCam = new WebCamTexture(webCamName, webCamSize.x, webCamSize.y, webCamRate);
                    webCam.Play();
                }
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }

        /// <summary>The inspector's "Everything" has bits that are no task.</summary>
        private static SapiensTask Known(SapiensTask mask)
        {
            SapiensTask known = SapiensTask.All;
            foreach (SapiensTask task in Enum.GetValues(typeof(SapiensTask)))
            {
                known |= task;
            }
            return mask & known;
        }

        private void OnDisable()
        {
            mustBegin = false;
            Stop();
            State = SapiensState.Stopped;
        }

        private void OnDestroy()
        {
            latest.Dispose();
        }

        private void Update()
        {
            if (mustBegin)
            {
                Begin();
            }
            if (State == SapiensState.Loading && loading.IsCompleted)
            {
                if (loading.IsFaulted)
                {
                    Fail(loading.Exception.InnerException);
                    return;
                }
                State = SapiensState.Running;
            }
            if (State != SapiensState.Running)
            {
                return;
            }
            try
            {
                Fetch();
            }
            catch (Exception exception)
            {
                Fail(exception);
            }
        }

        private void Fetch()
        {
            if (ring != null)
            {
                ring.Submit(stream, SubmitOptions);
            }
            Texture from = Source;
            bool isNew = from != null && (webCam == null || from.width > 16 && webCam.didUpdateThisFrame);
            if (!isNew)
            {
                return; // a webcam that has not started yet is 16 pixels wide
            }
            if (ring == null || ring.Width != from.width || ring.Height != from.height)
            {
                Resize(from.width, from.height);
            }
            // Through a texture of a known format: what a webcam or a video has inside differs.
            Graphics.Blit(from, upload);
            ring.Request(upload, Orientation(), (long)(Time.realtimeSinceStartupAsDouble * 1e9));
        }

        private SapiensOrientation Orientation()
        {
            bool isMirrored = webCam != null && webCam.videoVerticallyMirrored;
            return SapiensImage.OrientationOf(webCam == null ? 0 : webCam.videoRotationAngle, rowsFromTop == isMirrored);
        }

        private void Resize(int width, int height)
        {
            if (ring != null)
            {
                stream.Cancel();
                stream.Flush(SapiensStream.WaitForever); // the picture changes its size: rare, and worth one wait
            }
            Release();
            upload = new RenderTexture(width, height, 0, RenderTextureFormat.ARGB32, RenderTextureReadWrite.sRGB);
            ring = new FrameRing(FramesOnTheirWay, width, height);
        }

        private void OnResult(SapiensStream from, SapiensResult result)
        {
            if (result.Info.Status != SapiensStatus.Ok)
            {
                Debug.LogWarning("Sapiens: " + result.Message, this);
                return;
            }
            latest.Assign(result);
            Action<SapiensCamera, SapiensResult> handler = ResultReceived;
            if (handler != null)
            {
                handler(this, result);
            }
        }

        private string[] Paths()
        {
            // Application.streamingAssetsPath belongs to the main thread; the loads do not.
            return Array.ConvertAll(models, name => Path.Combine(Application.streamingAssetsPath, name));
        }

        private static Task Load(SapiensContext context, string[] paths, CancellationToken token)
        {
            return Task.Run(() =>
            {
                foreach (string path in paths)
                {
                    context.LoadAsync(path, null, token).GetAwaiter().GetResult();
                }
                if (paths.Length == 0)
                {
                    context.LoadDemoAsync(null, token).GetAwaiter().GetResult();
                }
            });
        }

        private void Log(SapiensLogLevel level, string message)
        {
            if (level == SapiensLogLevel.Error)
            {
                Debug.LogError("Sapiens: " + message, this);
            }
            else
            {
                Debug.LogWarning("Sapiens: " + message, this);
            }
        }

        private void Fail(Exception exception)
        {
            Fault = exception;
            Debug.LogException(exception, this);
            Stop();
            State = SapiensState.Failed;
        }

        private void Stop()
        {
            if (cancellation != null)
            {
                cancellation.Cancel();
                cancellation = null;
            }
            if (context != null)
            {
                SapiensLoop.Remove(context);
                context.Dispose(); // and its stream: gives the borrowed pixels back
                context = null;
            }
            if (stream != null)
            {
                stream.Dispose();
                stream = null;
            }
            Release();
            if (webCam != null)
            {
                webCam.Stop();
                Destroy(webCam);
                webCam = null;
            }
            latest.Clear();
        }

        private void Release()
        {
            if (ring != null)
            {
                ring.Dispose();
                ring = null;
            }
            if (upload != null)
            {
                upload.Release();
                Destroy(upload);
                upload = null;
            }
        }
    }
}
