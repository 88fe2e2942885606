using System;
using Sapiens.Unity;
using UnityEngine;

namespace Sapiens.Samples
{
    /// <summary>Your skeleton over your webcam. Put it on an empty object and press Play: it makes what it needs, a picture one unit high
    /// in front of the main camera. The lines and their colours are the library's.</summary>
    public sealed class LiveSkeleton : MonoBehaviour
    {
        [SerializeField] private float scoreThreshold = 0.3f;

        private SapiensCamera sapiens;
        private GameObject picture;
        private Material pictureMaterial;
        private Mesh lines;
        private Vector3[] vertices;
        private Color32[] colors;

        private void Start()
        {
            // The picture comes out of the results, so that it is the one the skeleton belongs to.
            sapiens = gameObject.AddComponent<SapiensCamera>();
            sapiens.Configure(SapiensSource.WebCam, null, true);
            sapiens.ResultReceived += OnResult;

            picture = GameObject.CreatePrimitive(PrimitiveType.Quad);
            picture.transform.SetParent(transform, false);
            pictureMaterial = new Material(Shader.Find("Unlit/Texture"));
            picture.GetComponent<MeshRenderer>().sharedMaterial = pictureMaterial;
            var frame = gameObject.AddComponent<SapiensMapTexture>();
            frame.Show(sapiens, SapiensMapKind.Image, picture.GetComponent<MeshRenderer>(), "_MainTex");

            MakeLines();
            Camera view = Camera.main;
            if (view != null)
            {
                view.transform.position = transform.position - transform.forward * 1.2f;
                view.transform.rotation = transform.rotation;
            }
        }

        private void MakeLines()
        {
            var links = SapiensSkeleton.Links;
            vertices = new Vector3[2 * links.Count];
            colors = new Color32[vertices.Length];
            var indices = new int[vertices.Length];
            for (int i = 0; i < vertices.Length; i++)
            {
                colors[i] = links[i / 2].Color.ToColor32();
                indices[i] = i;
            }
            lines = new Mesh();
            lines.MarkDynamic();
            lines.SetVertices(vertices);
            lines.SetColors(colors);
            lines.SetIndices(indices, MeshTopology.Lines, 0);
            lines.bounds = new Bounds(Vector3.zero, Vector3.one * 10);
            var skeleton = new GameObject("Skeleton");
            skeleton.transform.SetParent(transform, false);
            skeleton.transform.localPosition = new Vector3(0, 0, -0.001f);
            skeleton.AddComponent<MeshFilter>().sharedMesh = lines;
            skeleton.AddComponent<MeshRenderer>().sharedMaterial = new Material(Shader.Find("Sprites/Default"));
        }

        private void OnResult(SapiensCamera from, SapiensResult result)
        {
            SapiensResultInfo info = result.Info;
            SapiensPose pose;
            if (info.PersonCount == 0 || !result.TryGetPose(0, out pose))
            {
                return;
            }
            float aspect = (float)info.ImageWidth / info.ImageHeight;
            picture.transform.localScale = new Vector3(aspect, 1, 1);
            var links = SapiensSkeleton.LinksOf(pose.Count);
            Array.Clear(vertices, 0, vertices.Length);
            for (int i = 0; i < links.Count && 2 * i + 1 < vertices.Length; i++)
            {
                SapiensKeypoint a = pose[links[i].From], b = pose[links[i].To];
                bool isSeen = a.Score >= scoreThreshold && b.Score >= scoreThreshold;
                vertices[2 * i] = isSeen ? OnPicture(a, info, aspect) : Vector3.zero;
                vertices[2 * i + 1] = isSeen ? OnPicture(b, info, aspect) : Vector3.zero;
            }
            lines.SetVertices(vertices);
        }

        private static Vector3 OnPicture(SapiensKeypoint keypoint, SapiensResultInfo info, float aspect)
        {
            float u, v;
            UnitySpace.TextureFromImage(keypoint.X, keypoint.Y, info.ImageWidth, info.ImageHeight, out u, out v);
            return new Vector3((u - 0.5f) * aspect, v - 0.5f, 0);
        }
    }
}
