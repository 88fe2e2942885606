using Sapiens.Unity;
using UnityEngine;

namespace Sapiens.Samples
{
    /// <summary>You as points in space, in metres, coloured by the albedo. Put it on an object where your webcam is, give it the
    /// shader beside it, and press Play.</summary>
    public sealed class PointCloud : MonoBehaviour
    {
        [SerializeField] private Shader shader;
        [SerializeField] private float pointSize = 3;

        private SapiensCamera sapiens;
        private SapiensMapTexture points;
        private SapiensMapTexture albedo;
        private Material material;
        private Mesh mesh;

        private void Start()
        {
            material = new Material(shader != null ? shader : Shader.Find("Sapiens/Samples/PointCloud"));
            mesh = new Mesh { indexFormat = UnityEngine.Rendering.IndexFormat.UInt32 };
            gameObject.AddComponent<MeshFilter>().sharedMesh = mesh;
            gameObject.AddComponent<MeshRenderer>().sharedMaterial = material;
            sapiens = gameObject.AddComponent<SapiensCamera>();
            points = gameObject.AddComponent<SapiensMapTexture>();
            points.TextureCreated += OnPoints;
            points.Show(sapiens, SapiensMapKind.Points, null, "_Points");
            albedo = gameObject.AddComponent<SapiensMapTexture>();
            albedo.TextureCreated += texture => material.SetTexture("_Albedo", texture);
            albedo.Show(sapiens, SapiensMapKind.Albedo, null, "_Albedo");
        }

        /// <summary>One vertex per pixel; the shader takes its place from the map, so that a frame moves no vertex here.</summary>
        private void OnPoints(Texture2D map)
        {
            material.SetTexture("_Points", map);
            material.SetFloat("_PointSize", pointSize);
            var vertices = new Vector3[map.width * map.height];
            var indices = new int[vertices.Length];
            for (int i = 0; i < vertices.Length; i++)
            {
                vertices[i] = new Vector3((i % map.width + 0.5f) / map.width, (i / map.width + 0.5f) / map.height, 0);
                indices[i] = i;
            }
            mesh.Clear();
            mesh.SetVertices(vertices);
            mesh.SetIndices(indices, MeshTopology.Points, 0);
            mesh.bounds = new Bounds(Vector3.zero, Vector3.one * 100);
        }
    }
}
